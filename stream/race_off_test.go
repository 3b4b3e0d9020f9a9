//go:build !race

package stream_test

// raceDetector says that everything takes several times as long.
const raceDetector = false
