//go:build linux && !race

package hosttest

// raceDetector says that the agents are to look for races too.
const raceDetector = false
