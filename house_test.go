package main_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The plan of the house, as tests: who may import whom, and what keeps a file
// or a package easy to hold in mind. Only production code is meant; a test may
// import what it likes.

// module is the path that our own packages begin with; the root package is
// module itself.
const module = "tocsin"

// mayImport says, for every package, which of ours it may import, and why no
// others. Imports point one way: a package stands below all that may import it.
var mayImport = map[string]struct {
	ours []string
	why  string
}{
	"health":      {nil, "it is the one word that all share"},
	"logring":     {nil, "it keeps lines, whoever writes or reads them"},
	"redact":      {nil, "what a secret looks like has nothing to do with where it stands"},
	"nearest":     {nil, "what a misspelt word was meant to be has nothing to do with whose word it is"},
	"pqueue":      {nil, "what stands in a queue is nothing to the queue"},
	"access":      {nil, "who may do what follows from what was proven, and from nothing else"},
	"fsm":         {[]string{"access", "calendar", "health"}, "the replicated state knows neither network nor cluster"},
	"calendar":    {nil, "when a stretch of time repeats has nothing to do with what is to happen then"},
	"groundwork":  {[]string{"access", "api", "footing", "fsm", "keyring", "pki", "secretfile", "warning"}, "the files of a cluster are made before there is one, and warned of by the rules of one"},
	"backup":      {[]string{"fsm"}, "a file is read and written without knowing where it is kept, or what is done with it"},
	"config":      {[]string{"nearest"}, "how a program is told something has nothing to do with what it is told"},
	"systemd":     {nil, "what progress means is for its caller to say"},
	"fsync":       {nil, "what lasts a power cut does so whatever it is"},
	"secretfile":  {[]string{"fsync"}, "who may read a file has nothing to do with what is in it"},
	"pki":         {[]string{"secretfile"}, "what a certificate says has nothing to do with who asks"},
	"connlimit":   {nil, "how many come in has to do with what they have proven, and not with how"},
	"credentials": {[]string{"connlimit", "pki"}, "who is let through TLS follows from certificates alone"},
	"account":     {nil, "who a user is has nothing to do with what is run as it"},
	"script":      {[]string{"account"}, "running a script has nothing to do with what it is run for"},
	"stream":      {[]string{"account", "health", "pqueue", "script"}, "asking a script has nothing to do with when it is asked, or why"},
	"render":      {[]string{"script"}, "a file is written without knowing what for"},
	"verify":      {[]string{"fsm", "health", "pqueue", "script", "stream"}, "whoever checks an endpoint does not know what others see"},
	"keyring":     {[]string{"prose", "secretfile"}, "what a key opens has nothing to do with who sends it"},
	"gossipdb":    {[]string{"connlimit", "health", "keyring"}, "ballots are kept and merged without knowing what they are about"},
	"doubt":       {[]string{"fsm", "gossipdb", "health", "verify"}, "a node doubts itself by what it sees and hears, and not by what is decided"},
	"hold":        {[]string{"calendar", "fsm", "health"}, "what holds a change back follows from the state and a moment"},
	"quorum":      {[]string{"fsm", "gossipdb", "health", "hold", "pqueue", "prose"}, "a decision is a function of state and ballots, and of nothing else"},
	"scavenger":   {[]string{"fsm", "gossipdb", "health"}, "what is stale follows from state and ballots"},
	"notify":      {[]string{"boltcheck", "fsm", "fsync", "health", "pqueue", "script"}, "a notification follows from the log alone"},
	"api":         {[]string{"access", "fsm", "health", "hold", "keyring", "notify", "quorum"}, "what is said over HTTP is said with the words of those that it is about"},
	"api/peer":    {[]string{"access", "api", "fsm", "health", "keyring", "notify", "verify"}, "what nodes ask of each other has nothing to do with who else is served"},
	"api/server":  {[]string{"access", "api", "api/peer", "backup", "calendar", "connlimit", "fsm", "gossipdb", "health", "hold", "keyring", "logring", "nearest", "prose", "quorum", "verify"}, "it asks for what it needs by interfaces of its own, and so does not know the node"},
	"prose":       {nil, "names and numbers in a sentence are anybody's"},
	"footing":     {[]string{"api", "prose"}, "how firmly a cluster stands follows from what a node tells of it"},
	"dossier":     {[]string{"api", "redact"}, "what belongs into a bug report follows from what nodes tell"},
	"doctor":      {[]string{"account", "api", "credentials", "footing", "fsm", "keyring", "pki", "prose", "secretfile"}, "what is wrong follows from what nodes tell; who asks them, and how, is for others to say"},
	"manpage":     {nil, "a page of man knows no command"},
	"boltcheck":   {nil, "it reads files of bbolt, whatever they are for"},
	"raftstore":   {[]string{"boltcheck", "fsync"}, "it keeps what raft gives it, and does not look into it"},
	"hcslog":      {nil, "what raft has to say is worth a line or not, whatever node it runs in"},
	"membership":  {[]string{"api", "api/peer", "fsm", "health", "prose", "quorum"}, "who belongs, votes and leads follows from what is known, whoever knows it"},
	"warning":     {[]string{"api", "fsm", "gossipdb", "hold", "prose", "quorum"}, "what is to be feared follows from what is known, and changes nothing"},
	"consensus":   {[]string{"api", "fsm", "hcslog", "membership", "raftstore", "raftwire"}, "what is written and who leads has nothing to do with what it is written for"},
	"raftwire":    {[]string{"connlimit", "credentials", "hcslog", "pki"}, "who may speak for whom follows from certificates and from the messages themselves, and not from what is said"},
	"datadir":     {[]string{"fsm", "fsync", "hcslog", "notify", "raftstore"}, "whose data they are, and whether they are whole, follows from what is on the disk"},
	"recovery":    {[]string{"api", "credentials", "datadir", "fsm", "pki"}, "it works on the data of a node that does not run, and asks those that do as anybody may"},
	"web":         {nil, "it is files"},
	"metrics":     {[]string{"api", "consensus", "doubt", "fsm", "gossipdb", "health", "hold", "notify", "quorum", "verify"}, "it reads what the parts count, and none of them knows of it but the node"},
	"node":        {[]string{"access", "account", "api", "api/peer", "api/server", "connlimit", "consensus", "credentials", "datadir", "doubt", "fsm", "gossipdb", "health", "keyring", "logring", "membership", "metrics", "notify", "pki", "quorum", "raftwire", "scavenger", "script", "verify", "warning"}, "it assembles all the others, and knows neither commands nor tests"},
	"clustertest": {[]string{"api", "api/peer", "clustertest/simdisk", "clustertest/simnet", "datadir", "doubt", "fsm", "gossipdb", "health", "keyring", "node", "notify", "quorum", "scavenger", "script", "verify"}, "it is a cluster without commands"},
	"cli":         {[]string{"access", "api", "backup", "cli/agent", "cli/client", "cli/help", "cli/screen", "config", "credentials", "datadir", "doctor", "dossier", "footing", "fsm", "groundwork", "health", "keyring", "logring", "manpage", "node", "notify", "pki", "prose", "recovery", "redact", "render", "script", "secretfile", "systemd", "verify"}, "a command starts a node, talks to one over HTTP, or tries a script as a node would, by what nodes run them with"},
	"cli/client":  {[]string{"access", "api", "config", "credentials", "footing", "pki", "prose"}, "who reaches nodes knows neither flags nor terminals"},
	"cli/screen":  {[]string{"config", "health", "prose"}, "how a thing is shown has nothing to do with where it comes from"},
	"cli/help":    {[]string{"cli/screen", "manpage"}, "a page of help follows from a command, whichever it is"},
	"cli/agent":   {[]string{"api", "config", "fsm", "keyring", "logring", "node", "prose", "redact", "systemd"}, "it is the process around a node, and knows no command"},
	"demo":        {[]string{"api", "fsm", "health"}, "the demo knows Tocsin from the outside, by its HTTP"},
	"hosttest":    {[]string{"api", "clustertest/check", "clustertest/replay", "fsm", "health", "hosttest/lan", "raftstore"}, "it knows Tocsin from the outside, by its HTTP, its scripts, its log and, when it has ended, its files"},
	module:        {[]string{"cli"}, "main hands the arguments to cli"},

	"scripts/servicetest": {nil, "a service under test knows nothing of who watches it"},

	"hosttest/lan":    {nil, "a network carries bytes for anybody"},
	"hosttest/booted": {[]string{"hosttest/lan"}, "a machine runs whatever is installed on it"},

	"clustertest/simdisk": {[]string{"datadir", "notify"}, "a disk of memory keeps what a node keeps, and knows of no other node"},
	"clustertest/simnet":  {nil, "a network of memory carries bytes for anybody"},
	"clustertest/replay":  {[]string{"clustertest/check", "fsm"}, "what follows from a log follows from nothing else"},
	"clustertest/check":   {[]string{"fsm", "health"}, "what a history breaks follows from the history"},
	"clustertest/sim":     {[]string{"api", "clustertest", "clustertest/check", "clustertest/replay", "clustertest/simdisk", "clustertest/simnet", "fsm", "health", "hold", "node", "notify", "script", "verify"}, "it breaks a cluster and writes down what happens"},
}

// onlyIn says which packages may import a library (or anything below it) that
// the rest of the house is to know nothing of.
var onlyIn = []struct {
	library string
	in      []string
	why     string
}{
	{"github.com/hashicorp/raft", []string{"consensus", "datadir", "fsm", "raftstore", "raftwire", "recovery", "clustertest", "clustertest/replay", "clustertest/sim", "clustertest/simdisk", "clustertest/simnet", "hosttest"}, "to all others the log is a View that changes"},
	{"github.com/hashicorp/raft-boltdb", []string{"raftstore"}, "what it does with a damaged file must reach nobody else"},
	{"go.etcd.io/bbolt", []string{"notify", "raftstore"}, "only they keep files of it, and check them first"},
	{"github.com/hashicorp/memberlist", []string{"gossipdb", "node", "clustertest", "clustertest/simnet"}, "to all others gossip is a table of ballots"},
	{"github.com/robfig/cron", []string{"calendar", "node"}, "what repeats is said in one place, and only chores are done by a timetable"},
	{"github.com/gin-gonic/gin", []string{"api/server"}, "how requests are routed is nobody else's business"},
	{"github.com/goccy/go-yaml", []string{"config"}, "what a file says comes with the line that it stands in"},
	{"github.com/danielgtaylor/huma", []string{"api/server"}, "what the document says of the API is said where the API is"},
	{"github.com/prometheus", []string{"metrics"}, "the parts count for themselves, and whoever decides knows nothing of who watches"},
	{"github.com/spf13/cobra", []string{"cli", "cli/help"}, "only commands have flags"},
	{"crypto/tls", []string{"credentials", "node", "raftwire"}, "what TLS is spoken is decided in one place"},
	{"crypto/x509", []string{"credentials", "pki", "cli"}, "certificates are read and made in one place"},
	{"os/exec", []string{"script", "demo", "hosttest", "hosttest/booted", "hosttest/lan", "scripts/servicetest"}, "whoever starts a process has to end its whole group, and script does"},
	{"testing", []string{"clustertest", "clustertest/sim", "clustertest/simnet", "hosttest/booted", "scripts/servicetest"}, "production code is not a test"},
}

// offline are the packages that decide: no network, no file, no process. What
// only takes a text apart is none of these.
var offline = []string{"access", "calendar", "health", "fsm", "hold", "membership", "quorum", "scavenger", "warning"}

// longest is how many lines a file may have before a second idea has moved in.
const longest = 400

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		rule, known := mayImport[p.name]
		if !known {
			t.Errorf("package %s is not in the plan of the house: say in house_test.go what it may import, and why", p.name)
			continue
		}
		for imported, where := range p.imports {
			if ours, ok := ourPackage(imported); ok && !slices.Contains(rule.ours, ours) {
				t.Errorf("%s: package %s imports %s, and must not: %s", where, p.name, ours, rule.why)
			}
		}
	}
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	for _, p := range packages(t) {
		for imported, where := range p.imports {
			for _, rule := range onlyIn {
				if within(imported, rule.library) && !slices.Contains(rule.in, p.name) {
					t.Errorf("%s: package %s imports %s, which only %s may: %s",
						where, p.name, imported, strings.Join(rule.in, ", "), rule.why)
				}
			}
		}
	}
}

func TestDecisionsKnowNoOutside(t *testing.T) {
	for _, p := range packages(t) {
		if !slices.Contains(offline, p.name) {
			continue
		}
		for imported, where := range p.imports {
			for _, outside := range []string{"net", "os", "syscall", "database"} {
				if within(imported, outside) && imported != "net/url" {
					t.Errorf("%s: package %s imports %s, and must not: it decides, and leaves the doing to others",
						where, p.name, imported)
				}
			}
		}
	}
}

func TestFilesAreShortEnoughToHoldInMind(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.files {
			if f.lines > longest {
				t.Errorf("%s has %d lines, more than %d: which second idea has moved in?", f.path, f.lines, longest)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		comments := 0
		for _, f := range p.files {
			if f.syntax.Doc != nil {
				comments++
			}
		}
		if comments != 1 {
			t.Errorf("package %s has %d package comments; it needs one, in doc.go or in its only file", p.name, comments)
		}
	}
}

// TestCommentsNameTheirFunction: a comment that begins with a small letter begins
// with a name, and after a renaming with one that nobody finds any more.
func TestCommentsNameTheirFunction(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.files {
			for _, d := range f.syntax.Decls {
				of, ok := d.(*ast.FuncDecl)
				if !ok || of.Doc == nil {
					continue
				}
				first := nameAtStart.FindString(of.Doc.Text())
				if first != "" && first != of.Name.Name {
					t.Errorf("%s: the comment of %s speaks of %s", f.at(of.Doc), of.Name.Name, first)
				}
			}
		}
	}
}

var nameAtStart = regexp.MustCompile(`^[a-z][A-Za-z0-9]*`)

// TestNobodySleeps: a sleep can't be stopped, and waits for a moment instead of
// for a thing to happen. In a cluster under test, in virtual time, sleeping is
// how time passes.
func TestNobodySleeps(t *testing.T) {
	for _, p := range packages(t) {
		if within(p.name, "clustertest") {
			continue
		}
		for _, f := range p.files {
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Sleep" {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
						t.Errorf("%s: time.Sleep can't be stopped; select on a timer and on the context", f.at(s))
					}
				}
				return true
			})
		}
	}
}

// goPackage is the production code of one folder.
type goPackage struct {
	name    string            // the folder, from the root; module for the root itself
	imports map[string]string // where each imported path is imported first
	files   []goFile
}

type goFile struct {
	path   string
	lines  int
	syntax *ast.File
	set    *token.FileSet
}

// at says where in the file n is.
func (f goFile) at(n ast.Node) string { return f.set.Position(n.Pos()).String() }

// packages parses all production code below the root, whatever it is built for,
// in the order of the folders.
func packages(t *testing.T) []goPackage {
	t.Helper()
	found := make(map[string]*goPackage)
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return filepath.SkipDir
		case entry.IsDir(), path.Ext(name) != ".go", strings.HasSuffix(name, "_test.go"):
			return nil
		}
		f := parse(t, name)
		folder := filepath.ToSlash(filepath.Dir(name))
		if folder == "." {
			folder = module
		}
		p := found[folder]
		if p == nil {
			p = &goPackage{name: folder, imports: make(map[string]string)}
			found[folder] = p
		}
		p.files = append(p.files, f)
		for _, spec := range f.syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			p.imports[imported] = cmp.Or(p.imports[imported], f.at(spec))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 3 {
		t.Fatalf("only %d packages were found: this test has to run in the root of the module", len(found))
	}
	var all []goPackage
	for _, name := range slices.Sorted(maps.Keys(found)) {
		all = append(all, *found[name])
	}
	return all
}

func parse(t *testing.T, name string) goFile {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f := goFile{path: name, lines: strings.Count(string(text), "\n"), set: token.NewFileSet()}
	if f.syntax, err = parser.ParseFile(f.set, name, text, parser.ParseComments); err != nil {
		t.Fatal(err)
	}
	return f
}

// ourPackage returns the folder of an imported package of ours.
func ourPackage(imported string) (folder string, ok bool) {
	if imported == module {
		return module, true
	}
	return strings.CutPrefix(imported, module+"/")
}

// within reports whether an imported path is library, another version of it, or
// below it.
func within(imported, library string) bool {
	return imported == library || strings.HasPrefix(imported, library+"/")
}
