package doctor

import (
	"errors"
	"fmt"

	"tocsin/account"
)

// lookAs finds out what the user that scripts run as may do to the files. Of a user
// that this machine does not know nothing is found out: with it no agent starts.
func (l *Local) lookAs(spec string) {
	if spec == "" {
		return
	}
	user, err := account.Lookup(spec)
	if err != nil {
		l.Faults = append(l.Faults, fmt.Sprintf("script_user: %v", err))
		return
	}
	l.ScriptUser = user.Name
	for i, file := range l.Files {
		l.Files[i].ForScripts = reach(user, file)
	}
}

func reach(user *account.User, file File) (r Reach) {
	switch file.Kind {
	case Secret, DataDirectory:
		r.Reads = user.MayRead(file.Path) == nil
	case Script:
		// Libraries and settings lie there too: only what is to be run has to be.
		if refusal, barred := errors.AsType[account.Refusal](user.MayRun(file.Path)); barred && file.Perm&0o111 != 0 {
			r.Barred = refusal.Error()
		}
	}
	return r
}

// examineFor says what is wrong with what the user that scripts run as may do to a
// file.
func (file File) examineFor(user string) (Finding, bool) {
	found := Finding{Severity: Warning, Subject: "files"}
	switch {
	case file.ForScripts.Reads && file.Kind == DataDirectory:
		found.Text = fmt.Sprintf("The user of the scripts, %s, may look into the data directory %s (%03o).", user, file.Path, file.Perm)
		found.Remedy = "chmod 700 " + quoted(file.Path) + ", and see that it belongs to the user of the agent"
	case file.ForScripts.Reads:
		found.Text = fmt.Sprintf("The user of the scripts, %s, can read the secret in %s (%03o).", user, file.Path, file.Perm)
		found.Remedy = "chmod 600 " + quoted(file.Path) + ", see that it belongs to the user of the agent, and make a new one if a script may have read it"
	case file.ForScripts.Barred != "":
		found.Text = fmt.Sprintf("The script %s can't be run: %s.", file.Path, file.ForScripts.Barred)
	default:
		return Finding{}, false
	}
	return found, true
}
