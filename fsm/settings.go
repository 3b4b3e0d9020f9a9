package fsm

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"tocsin/health"
)

// Settings say how an endpoint is checked, decided and notified. The cluster
// has one full set; an endpoint may override each.
type Settings struct {
	Interval Duration `json:"interval"` // between checks on one node
	// RetryInterval is the pause after a sample that disagrees with the
	// verdict; 0 means a fifth of Interval, 1s at least (see Retry).
	RetryInterval  Duration      `json:"retry_interval"`
	Timeout        Duration      `json:"timeout"`    // deadline of one check
	TimeoutIs      health.Status `json:"timeout_is"` // UNKNOWN or DOWN
	Fall           int           `json:"fall"`       // samples in a row that make a verdict DOWN (or UNKNOWN)
	Rise           int           `json:"rise"`       // samples in a row that make a verdict UP
	Quorum         Quorum        `json:"quorum"`
	Sites          Sites         `json:"sites"`
	Cooldown       Duration      `json:"cooldown"` // least time between two events; 0 for none
	Check          Check         `json:"check"`
	Verify         string        `json:"verify"` // name of the verification script
	Notify         string        `json:"notify"` // name of the notification script
	NotifyTimeout  Duration      `json:"notify_timeout"`
	NotifyAttempts int           `json:"notify_attempts"`
}

// DefaultSettings returns the settings of a cluster that was told nothing.
func DefaultSettings() Settings {
	return Settings{
		Interval: Duration(10 * time.Second),
		Timeout:  Duration(5 * time.Second),
		Fall:     3, Rise: 2,
		Cooldown:      Duration(30 * time.Second),
		Check:         CheckScript,
		Verify:        "verify.sh",
		Notify:        "notify.sh",
		NotifyTimeout: Duration(time.Minute), NotifyAttempts: 10,
	}
}

// Retry returns the pause after a sample that disagrees with the verdict. It
// is never longer than Interval.
func (s Settings) Retry() time.Duration {
	d := time.Duration(s.RetryInterval)
	if d == 0 {
		d = max(time.Duration(s.Interval)/5, time.Second)
	}
	return min(d, time.Duration(s.Interval))
}

// Validate returns every fault of s at once, each naming the setting and what
// it may be. It does not know how many observers there are: see
// ClusterSettings and Validate (the function) for that.
func (s Settings) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	atLeast := func(name string, d Duration, least time.Duration) {
		if time.Duration(d) < least || time.Duration(d) > maxDuration {
			bad("%s %v is not between %v and %v", name, d, least, maxDuration)
		}
	}
	atLeast("interval", s.Interval, minInterval)
	if s.RetryInterval != 0 {
		atLeast("retry_interval", s.RetryInterval, minInterval)
	}
	atLeast("timeout", s.Timeout, time.Millisecond)
	atLeast("cooldown", s.Cooldown, 0)
	atLeast("notify_timeout", s.NotifyTimeout, time.Millisecond)
	if s.TimeoutIs != health.Unknown && s.TimeoutIs != health.Down {
		bad("timeout_is %v is neither UNKNOWN nor DOWN", s.TimeoutIs)
	}
	count := func(name string, n, most int) {
		if n < 1 || n > most {
			bad("%s %d is not between 1 and %d", name, n, most)
		}
	}
	count("fall", s.Fall, 1000)
	count("rise", s.Rise, 1000)
	count("notify_attempts", s.NotifyAttempts, 1000)
	if s.Quorum < Majority {
		errs = append(errs, s.Quorum.fault())
	}
	if s.Sites < SitesOff {
		errs = append(errs, s.Sites.fault())
	}
	if !slices.Contains(Checks(), s.Check) {
		bad("check %.80q is none of script, nagios, stream, http and tcp", s.Check)
	}
	if err := ValidateScriptName(s.Verify); err != nil {
		bad("verify: %w", err)
	}
	if err := ValidateScriptName(s.Notify); err != nil {
		bad("notify: %w", err)
	}
	return errors.Join(errs...)
}

const (
	minInterval = 10 * time.Millisecond
	maxDuration = 24 * time.Hour
)

// Overrides are the settings that one endpoint has of its own. A nil field
// means the cluster's.
type Overrides struct {
	Interval       *Duration      `json:"interval,omitempty"`
	RetryInterval  *Duration      `json:"retry_interval,omitempty"`
	Timeout        *Duration      `json:"timeout,omitempty"`
	TimeoutIs      *health.Status `json:"timeout_is,omitempty"`
	Fall           *int           `json:"fall,omitempty"`
	Rise           *int           `json:"rise,omitempty"`
	Quorum         *Quorum        `json:"quorum,omitempty"`
	Sites          *Sites         `json:"sites,omitempty"`
	Cooldown       *Duration      `json:"cooldown,omitempty"`
	Check          *Check         `json:"check,omitempty"`
	Verify         *string        `json:"verify,omitempty"`
	Notify         *string        `json:"notify,omitempty"`
	NotifyTimeout  *Duration      `json:"notify_timeout,omitempty"`
	NotifyAttempts *int           `json:"notify_attempts,omitempty"`
}

// Over returns s with the fields that o sets put over it.
func (o Overrides) Over(s Settings) Settings {
	override(&s.Interval, o.Interval)
	override(&s.RetryInterval, o.RetryInterval)
	override(&s.Timeout, o.Timeout)
	override(&s.TimeoutIs, o.TimeoutIs)
	override(&s.Fall, o.Fall)
	override(&s.Rise, o.Rise)
	override(&s.Quorum, o.Quorum)
	override(&s.Sites, o.Sites)
	override(&s.Cooldown, o.Cooldown)
	override(&s.Check, o.Check)
	override(&s.Verify, o.Verify)
	override(&s.Notify, o.Notify)
	override(&s.NotifyTimeout, o.NotifyTimeout)
	override(&s.NotifyAttempts, o.NotifyAttempts)
	return s
}

func override[T any](field *T, with *T) {
	if with != nil {
		*field = *with
	}
}

// onto returns base with the fields that o sets in the place of its own.
func (o Overrides) onto(base Overrides) Overrides {
	from, to := reflect.ValueOf(o), reflect.ValueOf(&base).Elem()
	for i := range from.NumField() {
		if field := from.Field(i); !field.IsNil() {
			to.Field(i).Set(field)
		}
	}
	return base
}

// ClusterSettings are replicated, so that all nodes agree. The flags of the
// node that bootstraps give their first values.
type ClusterSettings struct {
	Settings
	// MaxVoters is how many observers are raft voters; the others observe as
	// non-voters.
	MaxVoters int `json:"max_voters"`
	// BallotRefresh is how often a node repeats its ballot; a ballot three
	// times as old counts for nothing (see BallotTTL).
	BallotRefresh Duration `json:"ballot_refresh"`
	// EventsKept is how many events, with their outcomes, are kept.
	EventsKept int `json:"events_kept"`
	// Brake is the share of the endpoints that may be DOWN: a decision that would
	// make it more is held back. 0 is for no such limit.
	Brake Share `json:"brake"`
}

// DefaultClusterSettings returns the settings of a cluster that was told
// nothing.
func DefaultClusterSettings() ClusterSettings {
	return ClusterSettings{
		Settings:      DefaultSettings(),
		MaxVoters:     5,
		BallotRefresh: Duration(5 * time.Second),
		EventsKept:    10_000,
	}
}

// BallotTTL returns the age from which on a ballot counts for nothing.
func (c ClusterSettings) BallotTTL() time.Duration { return 3 * time.Duration(c.BallotRefresh) }

// Validate returns every fault of c at once.
func (c ClusterSettings) Validate() error {
	errs := []error{c.Settings.Validate()}
	if c.Verify == DefaultSettings().Verify { // it is there on every node, and neither a plugin nor a script that stays
		errs = append(errs, unnamed(c.Check))
	}
	if c.MaxVoters < 1 || c.MaxVoters > 9 {
		errs = append(errs, fmt.Errorf("max_voters %d is not between 1 and 9", c.MaxVoters))
	}
	if d := time.Duration(c.BallotRefresh); d < 50*time.Millisecond || d > time.Hour {
		errs = append(errs, fmt.Errorf("ballot_refresh %v is not between 50ms and 1h", c.BallotRefresh))
	}
	if c.EventsKept < 1 || c.EventsKept > 1_000_000 {
		errs = append(errs, fmt.Errorf("events_kept %d is not between 1 and 1000000", c.EventsKept))
	}
	if c.Brake < 0 || c.Brake > 100 {
		errs = append(errs, c.Brake.fault())
	}
	return errors.Join(errs...)
}
