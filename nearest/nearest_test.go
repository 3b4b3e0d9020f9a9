package nearest_test

import (
	"strings"
	"testing"

	"tocsin/nearest"
)

func TestTo(t *testing.T) {
	names := []string{"data_dir", "site", "sites", "rise", "fall", "max_checks", "wait", "prefix"}
	for word, want := range map[string]string{
		"data_dri":                    "data_dir", // two that changed places
		"datadir":                     "data_dir",
		"max_cheks":                   "max_checks",
		"wiat":                        "wait",
		"prefixx":                     "prefix",
		"sitez":                       "site", // the first of two that are as near
		"site":                        "site",
		"fal":                         "fall",
		"port":                        "", // as Kubernetes has it for every service
		"x":                           "",
		"":                            "",
		"completely":                  "",
		strings.Repeat("data_dir", 9): "",
	} {
		if got := nearest.To(word, names); got != want {
			t.Errorf("To(%q) is %q, want %q", word, got, want)
		}
	}
}
