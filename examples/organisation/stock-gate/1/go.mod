module quayside.example/stock-gate

go 1.21

require (
	github.com/lib/pq v1.10.9
	golang.org/x/text v0.3.7
)
