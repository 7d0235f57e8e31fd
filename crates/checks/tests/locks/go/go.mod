module example.test/sample

go 1.22

require (
	github.com/BurntSushi/toml v1.4.0
	golang.org/x/text v0.3.7 // indirect
)

require example.test/local v0.0.0

replace example.test/local => ../local

replace golang.org/x/text v0.3.7 => golang.org/x/text v0.14.0
