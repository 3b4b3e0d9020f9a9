//go:build unix && race

package e2e

// raceFlag has run.sh build agents that look for races too; raceOptions spare
// each of them the second that it would wait at its end.
const (
	raceFlag    = " -race"
	raceOptions = "atexit_sleep_ms=20"
)
