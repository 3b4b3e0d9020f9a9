package doctor

import (
	"fmt"
	"strings"
)

// ports: which nodes can't be reached from this machine.
func ports(f Facts) []Finding {
	if f.Local == nil || len(f.Local.Paths) == 0 {
		return nil
	}
	var all []Finding
	for _, p := range f.Local.Paths {
		if p.Problem != "" && f.votes(p.Node) { // the others are not expected to answer
			all = append(all, Finding{
				Severity: Warning, Subject: "ports", Node: p.Node, Text: fmt.Sprintf("Its %s address %s can't be reached from this machine by TCP: %s.", p.What, p.Address, p.Problem),
				Remedy: "start it, or open that port for this machine; gossip takes UDP, too",
			})
		}
	}
	return orWell(all, "ports", "The raft and gossip addresses of the nodes that are heard can be reached from here by TCP. Whether UDP arrives is told under gossip.")
}

// gossipPacket is the largest packet of the gossip with its headers over IPv6,
// in bytes: memberlist fills 1,400.
const gossipPacket = 1448

// packets: whether the packets of the gossip go through whole.
func packets(f Facts) []Finding {
	if f.Local == nil {
		return nil
	}
	known := false
	var all []Finding
	for _, p := range f.Local.Paths {
		known = known || p.MTU > 0
		if p.What == "gossip" && p.MTU > 0 && p.MTU < gossipPacket {
			all = append(all, Finding{
				Severity: Warning, Subject: "mtu", Node: p.Node, Text: fmt.Sprintf("The way from here to %s takes packets of %d bytes, and those of the gossip have up to %d: they go in parts, and one that is lost takes all.", p.Address, p.MTU, gossipPacket),
				Remedy: "raise the MTU of the tunnel or interface in between, or see that fragments are not dropped",
			})
		}
	}
	if !known {
		return nil
	}
	return orWell(all, "mtu", "The packets of the gossip fit through the ways from here.")
}

// files: what is wrong with what lies on this machine.
func files(f Facts) []Finding {
	if f.Local == nil {
		return nil
	}
	var all []Finding
	for _, fault := range f.Local.Faults {
		all = append(all, Finding{Severity: Warning, Subject: "files", Text: sentence(fault), Remedy: "see the line: tocsin validate " + quoted(f.Local.Config)})
	}
	for _, denied := range f.Local.Denied {
		all = append(all, Finding{Severity: Info, Subject: "files", Text: sentence("this account may not look at all that the node reads: " + denied), Remedy: "sudo tocsin validate " + quoted(f.Local.Config)})
	}
	for _, file := range f.Local.Files {
		if found, wrong := file.examine(); wrong {
			all = append(all, found)
		} else if found, wrong := file.examineFor(f.Local.ScriptUser); wrong {
			all = append(all, found)
		}
	}
	if len(all)+len(f.Local.Files) == 0 {
		return nil
	}
	return orWell(all, "files", "What lies on this machine may be read and written by whom it should.")
}

// examine says what is wrong with who may do what to a file.
func (file File) examine() (Finding, bool) {
	const group, others = 0o070, 0o007
	const write = 0o022
	found := Finding{Severity: Warning, Subject: "files"}
	if file.Kind == Secret {
		return file.readers()
	}
	switch {
	case file.Kind == DataDirectory && file.Perm&(group|others) != 0:
		found.Text = fmt.Sprintf("Others than its owner may look into the data directory %s (%03o).", file.Path, file.Perm)
		found.Remedy = "chmod 700 " + quoted(file.Path)
	case file.Kind != DataDirectory && file.Perm&write != 0:
		what := map[FileKind]string{ScriptsDirectory: "the scripts directory", Script: "the script", ConfigurationFile: "the configuration file"}[file.Kind]
		found.Text = fmt.Sprintf("Others than its owner may write %s %s (%03o), and so have the agent run what they like.", what, file.Path, file.Perm)
		found.Remedy = "chmod go-w " + quoted(file.Path)
	default:
		return Finding{}, false
	}
	return found, true
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if strings.ContainsAny(path, " '\"$`\\*?[]()<>|&;#~!") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
