package config_test

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/config"
)

// word, number and list are the Values of a small program.
type word struct{ to *string }

func (w word) Set(text string) error { *w.to = text; return nil }
func (w word) String() string        { return *w.to }
func (w word) Type() string          { return "word" }

type number struct{ to *int }

func (n number) Set(text string) error {
	read, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%q is not a number", text)
	}
	*n.to = read
	return nil
}
func (n number) String() string { return strconv.Itoa(*n.to) }
func (n number) Type() string   { return "number" }

type list struct{ to *[]string }

func (l list) Set(text string) error { *l.to = append(*l.to, text); return nil }
func (l list) String() string        { return strings.Join(*l.to, ",") }
func (l list) Type() string          { return "list" }

type program struct {
	file, dataDir, site string
	join                []string
	limit, fall         int
	interval            string
}

func newProgram() *program { return &program{dataDir: "data", limit: 8, fall: 3, interval: "10s"} }

func (p *program) table() config.Table {
	return config.Table{
		{Heading: "File", Options: []config.Option{{Name: "config", Value: word{&p.file}, NoFile: true, Help: "`file`"}}},
		{Heading: "Node", Later: "later", Options: []config.Option{
			{Name: "data-dir", Value: word{&p.dataDir}, Help: "what survives"},
			{Name: "site", Value: word{&p.site}, Help: "where --data-dir is", Reload: true},
			{Name: "join", Value: list{&p.join}, Many: true, Help: "others"},
			{Name: "limit", Value: number{&p.limit}, Help: "at once", Reload: true},
		}},
		{Heading: "Checks", Words: "Of the cluster.", Section: "settings", Later: "never", Options: []config.Option{
			{Name: "fall", Value: number{&p.fall}, Help: "in a row"},
			{Name: "interval", Value: word{&p.interval}, Help: "between"},
		}},
	}
}

// read reads a file, and returns what came of it, and where.
func read(text string) (*program, config.Settings, error) {
	p := newProgram()
	table := p.table()
	layer, err := config.Parse("f.yaml", []byte(text), table)
	settings, wrong := config.Resolve(table, layer)
	return p, settings, errors.Join(err, wrong)
}

func TestParse_Faults(t *testing.T) {
	for text, want := range map[string]string{
		"data_dri: x":                      `1:1: there is no "data_dri": did you mean data_dir?`,
		"# c\n\n  data-dir: x":             `3:3: there is no "data-dir": did you mean data_dir?`,
		"dataDir: x":                       `1:1: there is no "dataDir": did you mean data_dir?`,
		"setings:\n  fall: 2":              `1:1: there is no "setings": did you mean settings?`,
		"interval: 5s":                     `1:1: there is no "interval": it stands under settings:`,
		"intervall: 5s":                    `1:1: there is no "intervall": did you mean interval? It stands under settings:`,
		"settings:\n  data_dir: x":         `2:3: there is no "data_dir": it stands at the top level, and not under settings:`,
		"settings:\n  fal: 2":              `2:3: there is no "fal": did you mean fall?`,
		"config: x":                        `1:1: there is no "config": it can be given only as --config or TOCSIN_CONFIG`,
		"quite_other: x":                   `1:1: there is no "quite_other": "tocsin config default" shows all there is`,
		"settings.fall: 2":                 `1:1: there is no "settings.fall": "tocsin config default" shows all there is`,
		"limit: many":                      `1:8: limit: "many" is not a number`,
		"settings:\n  fall:   2.5":         `2:11: fall: "2.5" is not a number`,
		"site: a\nsite: b":                 `2:1: this is not YAML: mapping key "site" already defined at [1:1]`,
		"site: [a, b]":                     `1:7: site takes one value, and this is a list`,
		"site:\n  a: b":                    `2:4: site takes a plain value`,
		"join: {a: b}":                     `1:7: join takes a plain value, or a list of them`,
		"join:\n- a\n- [b]":                `3:3: the items of join are plain values`,
		"site:":                            `1:1: site has no value: give it one, or leave the line out for the default`,
		"site: ~":                          `1:1: site has no value: give it one, or leave the line out for the default`,
		"settings: 5":                      `1:11: settings consists of lines like "fall: 3"`,
		"- a":                              `1:1: the file consists of lines like "data_dir: data"`,
		"nonsense":                         `1:1: the file consists of lines like "data_dir: data"`,
		"site: &a x":                       `1:7: site takes a plain value`,
		"site: !!str x":                    `1:7: site takes a plain value`,
		"<<: x":                            `1:1: this is no name of anything: "tocsin config default" shows all there is`,
		"site: a\n---\nsite: b":            `3:5: a second document: everything stands in one`,
		"site: [a":                         `1:7: this is not YAML: sequence end token ']' not found`,
		"\tsite: a":                        `1:5: this is not YAML: tab character cannot use as a map key directly`,
		"site: a\nx\xff: b":                `2:1: this is not UTF-8 text`,
		"\ufeffsit: a":                     `1:1: there is no "sit": did you mean site?`,
		strings.Repeat("# long\n", 200000): `1:1: the file is longer than 1048576 bytes: it can't be a configuration file`,
		"limit: x\ndata_di: y\nsettings:\n  fall: z": `1:8: limit: "x" is not a number
f.yaml:2:1: there is no "data_di": did you mean data_dir?
f.yaml:4:9: fall: "z" is not a number`,
	} {
		_, _, err := read(text)
		var got string
		if faults, others := config.Split(err); len(others) == 0 {
			var lines []string
			for _, f := range faults {
				lines = append(lines, f.Error())
			}
			slices.Sort(lines)
			got = strings.Join(lines, "\n")
		} else {
			got = err.Error()
		}
		if got != "f.yaml:"+want {
			t.Errorf("%.60q:\n got %s\nwant f.yaml:%s", text, got, want)
		}
	}
}

// TestParse_TakesWordsAsTheyAreWritten: nobody who writes the site "no" means
// false.
func TestParse_TakesWordsAsTheyAreWritten(t *testing.T) {
	for written, want := range map[string]string{
		"no": "no", "true": "true", "012": "012", "1.10": "1.10", "0x1f": "0x1f", "1e3": "1e3", ".inf": ".inf", "12:30": "12:30",
		`"a b"`: "a b", `'it''s'`: "it's", `"\u00e9\n"`: "é\n", `""`: "", "127.0.0.1:6000 # c": "127.0.0.1:6000",
		"|\n  one\n  two\n": "one\ntwo\n", "2026-11-20": "2026-11-20",
	} {
		if p, _, err := read("site: " + written); err != nil || p.site != want {
			t.Errorf("%q: got %q, %v, want %q", written, p.site, err, want)
		}
	}
	for written, want := range map[string][]string{
		"join: [a:1, 'b', 3]": {"a:1", "b", "3"}, "join:\n- a:1\n- b:2\n": {"a:1", "b:2"}, "join: a": {"a"}, "join: []": nil, "": nil, "# nothing": nil,
		"settings:\n": nil, "\ufeffjoin: [x]\r\nsite: y\r\n": {"x"},
	} {
		if p, _, err := read(written); err != nil || !slices.Equal(p.join, want) {
			t.Errorf("%q: got %q, %v, want %q", written, p.join, err, want)
		}
	}
}

// TestFault_AnotherFileIsNotQuoted: it may hold a token or a key.
func TestFault_AnotherFileIsNotQuoted(t *testing.T) {
	f := config.Fault{Line: 1, Column: 1, Text: "tocsin_id_secret", Hidden: true}
	if got := f.Excerpt(); got != "" {
		t.Errorf("it shows %q", got)
	}
}

func TestFault_Excerpt(t *testing.T) {
	for _, c := range []struct {
		fault config.Fault
		want  string
	}{
		{config.Fault{Line: 3, Column: 1, Text: "dat: x"}, "    3 | dat: x\n      | ^\n"},
		{config.Fault{Line: 12, Column: 7, Text: "\tsité: x\x1b[31m"}, "   12 |  sité: x?[31m\n      |       ^\n"},
		{config.Fault{Line: 1, Column: 99, Text: "short"}, "    1 | short\n      |      ^\n"},
		{config.Fault{Line: 1, Column: 1}, "    1 | \n      | ^\n"},
		{
			config.Fault{Line: 1, Column: 101, Text: strings.Repeat("a", 100) + "b" + strings.Repeat("c", 100)},
			"    1 | …" + strings.Repeat("a", 29) + "b" + strings.Repeat("c", 38) + "…\n      | " + strings.Repeat(" ", 30) + "^\n",
		},
	} {
		if got := c.fault.Excerpt(); got != c.want {
			t.Errorf("got\n%swant\n%s", got, c.want)
		}
	}
}

func TestResolve_TheFirstLayerThatSaysItCounts(t *testing.T) {
	p := newProgram()
	table := p.table()
	file, err := config.Parse("f.yaml", []byte("site: file\nlimit: 1\njoin: [a, b]\ndata_dir: file\n"), table)
	if err != nil {
		t.Fatal(err)
	}
	environment, err := config.Environ(table, []string{"TOCSIN_SITE=env", "TOCSIN_LIMIT=2", "TOCSIN_JOIN=c", "TOCSIN_DATA_DIR=", "HOME=/"})
	if err != nil {
		t.Fatal(err)
	}
	flags := config.Layer{"site": {Texts: []string{"flag"}, Source: config.Source{Kind: config.Flag}}}
	settings, err := config.Resolve(table, flags, environment, file)
	if err != nil || p.site != "flag" || p.limit != 2 || !slices.Equal(p.join, []string{"c"}) || p.dataDir != "file" || p.fall != 3 {
		t.Errorf("got %+v, %v", p, err)
	}
	var got []string
	for _, s := range settings {
		got = append(got, fmt.Sprintf("%s=%s %v", s.Key, s.Text, s.Source))
	}
	want := []string{
		"config= default", "data_dir=file f.yaml:4", "site=flag flag", "join=c TOCSIN_JOIN", "limit=2 TOCSIN_LIMIT", "settings.fall=3 default", "settings.interval=10s default",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestEnviron_RefusesAMisspeltName(t *testing.T) {
	for entry, want := range map[string]string{
		"TOCSIN_DATADIR=/d": "TOCSIN_DATA_DIR",
		"TOCSIN_SITTE=x":    "TOCSIN_SITE",
		"TOCSIN_LIMITS=2":   "TOCSIN_LIMIT",
		"TOCSIN_PORT=tcp":   "", // as Kubernetes sets it
		"TOCSIN_SITTE=":     "",
		"TOCSIN_FALLS=3":    "", // meant for somebody else
		"SITTE=x":           "",
	} {
		layer, err := config.Environ(newProgram().table(), []string{entry}, "TOCSIN_FALLS")
		switch {
		case len(layer) > 0:
			t.Errorf("%s says %v", entry, layer)
		case want == "" && err != nil:
			t.Errorf("%s: %v", entry, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), "did you mean "+want+"?")):
			t.Errorf("%s: %v, want a hint at %s", entry, err, want)
		}
	}
}

func TestSettings_BlamePutsAFaultWhereItComesFrom(t *testing.T) {
	p := newProgram()
	table := p.table()
	file, err := config.Parse("f.yaml", []byte("site: a/b\nsettings:\n  interval: 0s\n"), table)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := config.Resolve(table, config.Layer{"limit": {Texts: []string{"2"}, Source: config.Source{Kind: config.Environment, Name: "TOCSIN_LIMIT"}}}, file)
	if err != nil {
		t.Fatal(err)
	}
	err = settings.Blame(errors.Join(
		errors.New("--site: no slash"), errors.Join(errors.New("interval 0s is too little"), errors.New("--limit: odd")), errors.New("--data-dir: none"), errors.New("fine weather"),
	))
	denied := fmt.Errorf("--site: %w", fs.ErrPermission)
	if faults, rest := config.Split(settings.Blame(denied)); len(faults) != 1 || len(rest) != 0 || !errors.Is(faults[0], fs.ErrPermission) {
		t.Errorf("what it came from is lost: %v, %v", faults, rest)
	}
	if err := settings.Blame(fmt.Errorf("--limit: %w", fs.ErrPermission)); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("what it came from is lost: %v", err)
	}
	want := "environment variable TOCSIN_LIMIT: limit: odd\n--data-dir: none\nfine weather\nf.yaml:1:7: site: no slash\nf.yaml:3:13: interval 0s is too little"
	if err.Error() != strings.Replace(want, "limit: odd", "odd", 1) {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestChanges(t *testing.T) {
	_, before, _ := read("data_dir: a\nsite: x\n")
	_, after, _ := read("data_dir: b\nlimit: 9\nsettings:\n  fall: 4\n")
	changes, then := config.Changes(before, after)
	words := fmt.Sprint(changes)
	want := `[data_dir changed from a to b: later site changed from x to "" limit changed from 8 to 9 settings.fall changed from 3 to 4: never]`
	if words != want {
		t.Errorf("got  %s\nwant %s", words, want)
	}
	// What waits for a start is told again, until it has come.
	if again, _ := config.Changes(then, after); fmt.Sprint(again) != `[data_dir changed from a to b: later settings.fall changed from 3 to 4: never]` {
		t.Errorf("the second time: %v", again)
	}
	if back, _ := config.Changes(then, before); fmt.Sprint(back) != `[site changed from "" to x limit changed from 9 to 8]` {
		t.Errorf("and back: %v", back)
	}
}

// TestSample_SaysTheDefaults, as it is, and with every line taken in.
func TestSample_SaysTheDefaults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newProgram()
		texts := rapid.StringMatching(`[ -~é\n]{0,12}`)
		p.dataDir, p.site, p.interval = texts.Draw(t, "dataDir"), texts.Draw(t, "site"), texts.Draw(t, "interval")
		p.join = rapid.SliceOfN(rapid.StringMatching(`[a-z:0-9]{1,5}`), 0, 3).Draw(t, "join")
		sample := p.table().Sample("intro")
		if q, _, err := read(sample); err != nil || fmt.Sprint(q) != fmt.Sprint(newProgram()) {
			t.Fatalf("it is read as %v, %v:\n%s", q, err, sample)
		}
		whole := regexp.MustCompile(`(?m)^( *)#([a-z_]+:)`).ReplaceAllString(sample, "$1$2")
		if q, _, err := read(whole); err != nil || fmt.Sprint(q) != fmt.Sprint(p) {
			t.Fatalf("%q is read as %q, %v:\n%s", fmt.Sprint(p), fmt.Sprint(q), err, whole)
		}
	})
}

// FuzzParse: whatever the file is, there is an answer, and faults lie within it.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "a: b", "site: &a\n- x", "settings: {fall: 3}", "? [", "\"", "- - -", "\r\r0", "%YAML 1.2\n---\n", "site: |\n", "{}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		late := time.AfterFunc(10*time.Second, func() { panic(fmt.Sprintf("does not come to an end: %q", text)) })
		_, _, err := read(text)
		late.Stop()
		faults, others := config.Split(err)
		if len(others) > 0 {
			t.Errorf("not a fault of a place: %v", others)
		}
		for _, fault := range faults {
			if fault.Line < 1 || fault.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+2 || fault.Column < 1 || fault.Problem == "" {
				t.Errorf("%+v", fault)
			}
			_ = fault.Excerpt()
		}
	})
}
