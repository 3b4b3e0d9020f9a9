package calendar

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	_ "time/tzdata" // a machine without zones must not be the one that can't tell

	"github.com/robfig/cron/v3"
)

// MaxDuration bounds how long one stretch lasts.
const MaxDuration = 14 * 24 * time.Hour

const (
	// overlapsLooked is how many stretches are looked at to find whether one
	// begins before the one before it has ended.
	overlapsLooked = 100
	// slack is more than any zone's clocks are ever put forward or back.
	slack = 26 * time.Hour
	// mostBeginnings bounds the search among beginnings that lie close together.
	mostBeginnings = 10_000
)

// Repeated is a stretch of time that comes again and again. It is made by
// Parse, and never changes.
type Repeated struct {
	beginnings cron.Schedule // on a clock without a zone: as if it were UTC
	zone       *time.Location
	duration   time.Duration
}

// Span is one stretch: from From on, up to To and no longer.
type Span struct{ From, To time.Time }

// Parse reads a cron expression of five fields (minute, hour, day of the month,
// month, day of the week) or one of @hourly, @daily, @weekly, @monthly and
// @yearly; the name of a time zone, "" for UTC; and how long it lasts. The error
// says which of them is wrong, and what it could be.
func Parse(expression, zone string, duration time.Duration) (Repeated, error) {
	r := Repeated{duration: duration}
	var errs [3]error
	r.beginnings, errs[0] = parseExpression(expression)
	r.zone, errs[1] = LoadZone(zone)
	if duration < time.Minute || duration > MaxDuration {
		errs[2] = fmt.Errorf("duration %v is not between 1m and %v", duration, MaxDuration)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return Repeated{}, err
	}
	return r, r.validate(expression)
}

func parseExpression(expression string) (cron.Schedule, error) {
	if len(expression) == 0 || len(expression) > 100 {
		return nil, fmt.Errorf("the cron expression has %d bytes: write one like \"30 2 * * SUN\"", len(expression))
	}
	if strings.HasPrefix(expression, "TZ=") || strings.HasPrefix(expression, "CRON_TZ=") {
		return nil, fmt.Errorf("the cron expression %q names a zone: give the zone by itself", expression)
	}
	schedule, err := cron.ParseStandard(expression)
	if err != nil {
		return nil, fmt.Errorf("the cron expression %q can't be read (%w): write minute, hour, day of the month, month and day of the week, like \"30 2 * * SUN\"", expression, err)
	}
	on, ok := schedule.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("the cron expression %q says every so often, and not from when on: write minute, hour, day of the month, month and day of the week, like \"30 2 * * SUN\"", expression)
	}
	on.Location = time.UTC
	return on, nil
}

// LoadZone returns the time zone of that name, UTC for "".
func LoadZone(name string) (*time.Location, error) {
	if name == "Local" || len(name) > 64 {
		return nil, fmt.Errorf("the time zone %.64q is another one on each node: name one like \"Europe/Paris\", or UTC", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("the time zone %q is not known: name one like \"Europe/Paris\", or UTC", name)
	}
	return zone, nil
}

// validate refuses what never begins, and what begins again before it has
// ended: the latter is always on, or meant to be something else.
func (r Repeated) validate(expression string) error {
	// Of no account, but the same for all.
	at := r.beginnings.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	if at.IsZero() {
		return fmt.Errorf("the cron expression %q never comes true: there is no such day", expression)
	}
	for range overlapsLooked {
		next := r.beginnings.Next(at)
		if next.IsZero() {
			break
		}
		if apart := next.Sub(at); apart < r.duration {
			return fmt.Errorf("duration %v is longer than the %v after which the cron expression %q begins again: make it shorter", r.duration, apart, expression)
		}
		at = next
	}
	return nil
}

// At returns the stretch that a moment lies in, false if it lies in none.
func (r Repeated) At(moment time.Time) (Span, bool) {
	var last time.Time
	for at := range r.between(moment.Add(-r.duration), moment) {
		if !at.After(moment) && at.After(last) {
			last = at
		}
	}
	span := r.from(last)
	return span, !last.IsZero() && moment.Before(span.To)
}

// Next returns the first stretch that begins after a moment, false if there is
// none within years.
func (r Repeated) Next(moment time.Time) (Span, bool) {
	var first time.Time
	for at := range r.between(moment, moment.AddDate(30, 0, 0)) {
		switch {
		case !at.After(moment):
		case first.IsZero(), at.Before(first):
			first = at
		case at.Sub(first) > slack:
			return r.from(first), true // none of those to come can be earlier
		}
	}
	return r.from(first), !first.IsZero()
}

func (r Repeated) from(at time.Time) Span { return Span{From: at, To: at.Add(r.duration)} }

// between yields the beginnings between two moments, and some around them. They
// are in the order of what the clocks show, and not quite of time: what they leave
// out comes later than what they show next.
func (r Repeated) between(from, to time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		shown, last := r.shownAt(from.Add(-slack)), r.shownAt(to.Add(slack))
		for range mostBeginnings {
			if shown = r.beginnings.Next(shown); shown.IsZero() || shown.After(last) || !yield(r.instant(shown)) {
				return
			}
		}
	}
}

// shownAt returns what the clocks of the zone show, as if it were UTC.
func (r Repeated) shownAt(moment time.Time) time.Time {
	at := moment.In(r.zone)
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
}

// instant is the moment at which the clocks of the zone first show that.
func (r Repeated) instant(shown time.Time) time.Time {
	at := time.Date(shown.Year(), shown.Month(), shown.Day(), shown.Hour(), shown.Minute(), 0, 0, r.zone)
	// Date promises one of the two where there are two, and not which.
	if again := earlier(at); again.Before(at) {
		at = again
	}
	return at.UTC()
}

// earlier returns the moment before at at which the clocks showed the same, if
// they were put back just before at, else at.
func earlier(at time.Time) time.Time {
	from, _ := at.ZoneBounds()
	if from.IsZero() {
		return at
	}
	_, now := at.Zone()
	_, before := from.Add(-time.Nanosecond).Zone()
	if again := at.Add(-time.Duration(before-now) * time.Second); before > now && again.Before(from) {
		return again
	}
	return at
}
