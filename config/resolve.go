package config

import (
	"errors"
	"fmt"
	"strings"
)

// Setting is one option, what it is, and why.
type Setting struct {
	Option
	// Key is how it is named in a file: settings.interval.
	Key string
	// Text is its value.
	Text   string
	Source Source
	later  string
}

// Settings are all options of a Table, in its order.
type Settings []Setting

// Resolve gives every option of t the value of the first layer that has one;
// the others keep their defaults. t must be fresh: Resolve is called once for
// it. If a value is wrong, the error tells of each where it comes from; those
// from a file are Faults.
func Resolve(t Table, layers ...Layer) (Settings, error) {
	var all Settings
	var faults Faults
	var errs []error
	for _, p := range t.places() {
		s := Setting{Option: p.Option, Key: p.key(), later: p.group.Later}
		for _, layer := range layers {
			given, told := layer[p.Name]
			if !told {
				continue
			}
			s.Source = given.Source
			for _, text := range given.Texts {
				if err := p.Value.Set(text); err != nil {
					faults, errs = blame(s, err.Error(), err, faults, errs)
					break
				}
			}
			break
		}
		s.Text = p.Value.String()
		all = append(all, s)
	}
	return all, join(faults, errs)
}

// Source returns where the value of the option of that name comes from.
func (s Settings) Source(name string) Source {
	for _, setting := range s {
		if setting.Name == name {
			return setting.Source
		}
	}
	return Source{}
}

// Refresh reads the values again, for whoever changed where they are kept.
func (s Settings) Refresh() {
	for i := range s {
		s[i].Text = s[i].Value.String()
	}
}

// blame puts a problem with s, which cause is the reason of, where it belongs.
func blame(s Setting, problem string, cause error, faults Faults, errs []error) (Faults, []error) {
	switch s.Source.Kind {
	case File:
		if !strings.HasPrefix(problem, s.key()) {
			problem = s.key() + ": " + problem
		}
		fault := s.Source.fault(problem)
		fault.Cause = cause
		return append(faults, fault), errs
	case Environment:
		problem = fmt.Sprintf("environment variable %s: %s", s.Source.Name, problem)
	}
	return faults, append(errs, told{problem, cause})
}

// told is an error in other words.
type told struct {
	words string
	cause error
}

func (t told) Error() string { return t.words }
func (t told) Unwrap() error { return t.cause }

func join(faults Faults, errs []error) error {
	err := faults.err()
	if len(errs) == 0 {
		return err
	}
	return errors.Join(append(errs, err)...)
}

// Blame returns err, which was found in what s says, with the place that each
// fault comes from: those of values from a file are Faults. It finds them by
// the first word of each error, which names the flag or the setting.
func (s Settings) Blame(err error) error {
	if err == nil {
		return nil
	}
	var faults Faults
	var errs []error
	for _, e := range flatten(err) {
		problem := e.Error()
		about, found := s.mentioned(problem)
		if !found || about.Source.Kind == Default || about.Source.Kind == Flag {
			errs = append(errs, e)
			continue
		}
		problem = strings.TrimPrefix(problem, "--"+about.Name+": ")
		if rest, ok := strings.CutPrefix(problem, "--"+about.Name); ok {
			problem = about.key() + rest
		}
		faults, errs = blame(about, problem, e, faults, errs)
	}
	return join(faults, errs)
}

// mentioned returns the setting that the first word of a problem names.
func (s Settings) mentioned(problem string) (Setting, bool) {
	word, _, _ := strings.Cut(strings.TrimPrefix(problem, "--"), " ")
	word = strings.ReplaceAll(strings.TrimSuffix(word, ":"), "_", "-")
	for _, setting := range s {
		if setting.Name == word {
			return setting, true
		}
	}
	return Setting{}, false
}

// Split takes joined errors apart: the faults of files, in the order of lines,
// and the others.
func Split(err error) (faults Faults, others []error) {
	for _, e := range flatten(err) {
		if f, ok := e.(Faults); ok {
			faults = append(faults, f...)
		} else {
			others = append(others, e)
		}
	}
	faults.sort()
	return faults, others
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	if faults, ok := err.(Faults); ok {
		return []error{faults}
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}
