package server

import (
	"strconv"
	"strings"

	"tocsin/api"
	"tocsin/fsm"
)

// An ETag of ours names a version of what people have written: of an endpoint
// the index at which its value, settings or labels were last changed, of the
// settings the index of their last change. It stays the same when the state
// changes, for then nobody has written: whoever has read an endpoint in order
// to change it has nothing to read again. So it is no validator for caches, and
// a GET does not compare it.

func etagOf(version uint64) string { return strconv.Quote(strconv.FormatUint(version, 10)) }

// conditionOf reads If-Match and If-None-Match, nil if neither is given.
func conditionOf(ifMatch, ifNoneMatch string) (*fsm.Condition, error) {
	switch {
	case ifMatch != "" && ifNoneMatch != "":
		return nil, api.BadRequest("If-Match and If-None-Match together ask for what is and is not: give one of both")
	case ifNoneMatch == "*":
		return &fsm.Condition{Absent: true}, nil
	case ifNoneMatch != "":
		return nil, api.BadRequest("If-None-Match %q is not *: that alone is taken, and means that there must be no such thing yet", ifNoneMatch)
	case ifMatch == "":
		return nil, nil
	case ifMatch == "*":
		return &fsm.Condition{}, nil
	}
	var c fsm.Condition
	for tag := range strings.SplitSeq(ifMatch, ",") {
		version, err := versionOf(strings.TrimSpace(tag))
		if err != nil {
			return nil, err
		}
		c.Versions = append(c.Versions, version)
	}
	return &c, nil
}

// versionOf reads one ETag. One that is well formed and not of ours is a version
// that nothing has: weak ones never match, as RFC 9110 has it.
func versionOf(tag string) (uint64, error) {
	const never = 0
	text, weak := strings.CutPrefix(tag, "W/")
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return 0, api.BadRequest("If-Match %q is not like \"17\", in double quotes: send the ETag as the answer had it", tag)
	}
	version, err := strconv.ParseUint(text[1:len(text)-1], 10, 64)
	if err != nil || weak {
		return never, nil
	}
	return version, nil
}
