//go:build race

package script_test

// raceDetector says that everything takes several times as long.
const raceDetector = true
