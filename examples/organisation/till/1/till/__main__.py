"""Starts the till: python3 till.pyz PORT DATA"""

import sys

from till import orders, web

if __name__ == "__main__":
    port, folder = int(sys.argv[1]), sys.argv[2]
    orders.prepare(folder)
    web.serve(port, folder)
