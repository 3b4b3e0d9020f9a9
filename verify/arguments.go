package verify

import (
	"errors"
	"strings"
)

// SplitArguments splits the value of an endpoint with check nagios into the
// arguments of the plugin. It goes by the rules one knows from the shell, and
// no shell is there: nothing is expanded, and ;, &, |, > and $ are letters like
// all others.
//
//   - Blanks separate arguments.
//   - 'Single quotes' keep everything between them as it stands.
//   - "Double quotes" keep blanks; in them \" and \\ stand for " and \, and any
//     other backslash for itself.
//   - Outside of quotes a backslash keeps the next character: "a\ b" is one
//     argument.
//   - Quotes may begin and end inside an argument, and "" is an empty one.
//
// A quote that is not closed, and a backslash with nothing behind it, are
// errors: better no check than one of something else.
func SplitArguments(value string) ([]string, error) {
	var (
		args    []string
		current strings.Builder
		inside  bool // an argument has begun, even if it is empty so far
	)
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch c {
		case ' ', '\t':
			if inside {
				args = append(args, current.String())
				current.Reset()
				inside = false
			}
			continue
		case '\\':
			i++
			if i == len(value) {
				return nil, errors.New("the value ends with a backslash: put what it should keep behind it, or write it twice")
			}
			current.WriteByte(value[i])
		case '\'', '"':
			length, err := quoted(&current, value[i:])
			if err != nil {
				return nil, err
			}
			i += length - 1
		default:
			current.WriteByte(c)
		}
		inside = true
	}
	if inside {
		args = append(args, current.String())
	}
	return args, nil
}

// quoted writes what stands between the quotes that text begins with, and
// returns the length of the whole, the quotes included.
func quoted(into *strings.Builder, text string) (length int, err error) {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i + 1, nil
		case quote == '"' && text[i] == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
		}
		into.WriteByte(text[i])
	}
	return 0, errors.New("the value has a quote " + string(quote) + " that is not closed: close it, or put a backslash before it")
}
