//go:build !race

package clustertest

// RaceDetector says whether this program looks for data races.
const RaceDetector = false
