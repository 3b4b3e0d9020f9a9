package screen

import (
	"fmt"
	"time"
)

// Ago says how long d is, with the two units that matter.
func Ago(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}

// Moment is a time of day as people have it on the wall.
func Moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

// Minute is a moment that people have chosen: it has no seconds.
func Minute(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// Day is a date, a dash if there is none.
func Day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format(time.DateOnly)
}
