// Tocsin is a health watchdog that stays up when things go down. See package
// cli for its commands.
package main

import (
	"os"

	"tocsin/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }
