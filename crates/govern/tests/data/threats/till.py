# Model behind pytm.json, made with pytm 1.4.0: `python till.py --json pytm.json`, shortened afterwards to the keys
# `name` and `findings`. The threats are ours (threats.json).
from pytm import TM, Actor, Dataflow, Datastore, Server

tm = TM("Till")
tm.threatsFile = "threats.json"
clerk, till, sales = Actor("Clerk"), Server("Till"), Datastore("Sales")
Dataflow(clerk, till, "A sale")
Dataflow(till, sales, "Rows")
tm.process()
