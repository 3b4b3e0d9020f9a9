package cli

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	for _, c := range []struct {
		info debug.BuildInfo
		want string
	}{
		{debug.BuildInfo{GoVersion: "go1"}, "tocsin " + release + " (go1, "},
		{debug.BuildInfo{GoVersion: "go1", Main: debug.Module{Version: "(devel)"}}, "tocsin " + release + " (go1, "},
		{debug.BuildInfo{GoVersion: "go1", Main: debug.Module{Version: "v2.3.4"}}, "tocsin v2.3.4 (go1, "},
		{debug.BuildInfo{GoVersion: "go1", Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"},
		}}, ", revision 0123456789ab, modified)"},
	} {
		if got := buildOf(&c.info).String(); !strings.Contains(got, c.want) {
			t.Errorf("got %q, want %q in it", got, c.want)
		}
	}
}
