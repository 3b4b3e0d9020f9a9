package fsm

import (
	"errors"
	"fmt"
	"time"

	"tocsin/calendar"
)

const (
	maxHoldReason = 256 // bytes of why something is held, or was done by hand
	maxBy         = 128 // bytes of who did it
)

func validateReason(reason string) error {
	if reason == "" {
		return errors.New("the reason is missing: say why, for those who will wonder")
	}
	return validateText("reason", reason, maxHoldReason)
}

func validateBy(by string) error { return validateText("name of who does it", by, maxBy) }

func validatePause(v *View, p Pause) error {
	err := errors.Join(validateScope(p.Scope), validateReason(p.Reason), validateBy(p.By), validateTime(p.Since), validateTime(p.Until))
	if err != nil {
		return err
	}
	if p.Ended(p.Since) {
		return fmt.Errorf("the pause would end at %s, and it is %s: give an end that is to come", p.Until.Format(time.RFC3339), p.Since.UTC().Format(time.RFC3339))
	}
	if _, again := v.holds.Pause(p.Scope); !again && len(v.holds.Pauses) >= MaxPauses {
		return refuse(Conflict, "there are %d pauses already, and no more are allowed: take some back", MaxPauses)
	}
	return nil
}

func validateWindow(v *View, w Window) error {
	if err := errors.Join(ValidateNodeName(w.Name), validateScope(w.Scope), validateText("reason", w.Reason, maxHoldReason), validateBy(w.By), validateTime(w.From)); err != nil {
		return err
	}
	if err := validateTimes(w); err != nil {
		return err
	}
	if _, again := v.holds.Window(w.Name); !again && len(v.holds.Windows) >= MaxWindows {
		return refuse(Conflict, "there are %d maintenance windows already, and no more are allowed: delete some", MaxWindows)
	}
	return nil
}

func validateTimes(w Window) error {
	switch d := time.Duration(w.Duration); {
	case w.Cron != "" && !w.From.IsZero():
		return errors.New("a cron expression is for a window that comes again, and a beginning for one that comes once: give one of both")
	case w.Cron != "":
		_, err := calendar.Parse(w.Cron, w.Zone, d)
		return err
	case w.From.IsZero():
		return errors.New("it is not said when the window begins: give a cron expression for one that comes again, or the beginning of one that comes once")
	case w.Zone != "":
		return errors.New("a time zone goes with a cron expression: the beginning of a window that comes once says its own")
	case d < time.Minute || d > calendar.MaxDuration:
		return fmt.Errorf("duration %v is not between 1m and %v", d, calendar.MaxDuration)
	}
	return nil
}

func validateScope(s Scope) error {
	return errors.Join(validateText("prefix", s.Prefix, MaxKey), validateLabels(s.Labels))
}
