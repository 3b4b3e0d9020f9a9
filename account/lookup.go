package account

import (
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"strings"
)

// User is a user of this machine, with the groups that its processes have.
type User struct {
	// Name is what the machine calls it, or its number where that has no name.
	Name     string
	UID, GID uint32
	// Groups are the further groups.
	Groups []uint32
	// Home is its home directory, / where the machine knows none.
	Home string
}

// String returns the name and the number, such as "nagios (uid 117)".
func (u *User) String() string { return fmt.Sprintf("%s (uid %d)", u.Name, u.UID) }

// Lookup finds a user by NAME or UID. What follows a colon is the group, by its name
// or number, that it has in place of its own; the groups that it is a member of it has
// all the same. A number that the machine has no name for needs the group with it.
func Lookup(spec string) (*User, error) {
	name, group, grouped := strings.Cut(spec, ":")
	if name == "" || grouped && group == "" {
		return nil, fmt.Errorf("%.80q is no user: write NAME, NAME:GROUP or UID:GID", spec)
	}
	found, err := find(name)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nameless(name, group)
	}
	u := &User{Name: found.Username, Home: found.HomeDir}
	if u.Home == "" {
		u.Home = "/"
	}
	own, err := numbers(found, u)
	if err != nil {
		return nil, fmt.Errorf("user %.80q: %w", name, err)
	}
	if grouped {
		if u.GID, err = groupNumber(group); err != nil {
			return nil, err
		}
	}
	u.Groups = slices.DeleteFunc(u.Groups, func(g uint32) bool { return g == own || g == u.GID })
	return u, nil
}

// find returns the user of that name or number, nil for a number without a name.
func find(name string) (*user.User, error) {
	if _, err := number(name); err == nil {
		found, err := user.LookupId(name)
		if _, unknown := errors.AsType[user.UnknownUserIdError](err); unknown {
			return nil, nil
		}
		return found, err
	}
	found, err := user.Lookup(name)
	if _, unknown := errors.AsType[user.UnknownUserError](err); unknown {
		return nil, fmt.Errorf("there is no user %.80q on this machine: make it (useradd --system), or name another; one that is not in /etc/passwd is given as UID:GID", name)
	}
	return found, err
}

// nameless is a user that the machine has no name for.
func nameless(uid, gid string) (*User, error) {
	u := &User{Name: uid, Home: "/"}
	var err error
	if u.UID, err = number(uid); err != nil {
		return nil, err
	}
	if gid == "" {
		return nil, fmt.Errorf("there is no user with the number %s on this machine: write UID:GID, or make it", uid)
	}
	u.GID, err = groupNumber(gid)
	return u, err
}

// numbers gives u the numbers of who was found, and returns its own group.
func numbers(found *user.User, u *User) (own uint32, err error) {
	if u.UID, err = number(found.Uid); err != nil {
		return 0, err
	}
	if own, err = number(found.Gid); err != nil {
		return 0, err
	}
	u.GID = own
	ids, err := found.GroupIds()
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		g, err := number(id)
		if err != nil {
			return 0, err
		}
		u.Groups = append(u.Groups, g)
	}
	return own, nil
}

func groupNumber(name string) (uint32, error) {
	if gid, err := number(name); err == nil {
		return gid, nil
	}
	found, err := user.LookupGroup(name)
	if _, unknown := errors.AsType[user.UnknownGroupError](err); unknown {
		return 0, fmt.Errorf("there is no group %.80q on this machine: make it (groupadd --system), or name another", name)
	}
	if err != nil {
		return 0, err
	}
	return number(found.Gid)
}

// number reads the number of a user or group. The highest means "unchanged" to the
// kernel, and nobody has it.
func number(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err == nil && n == 1<<32-1 {
		err = errors.New("that number stands for nobody")
	}
	return uint32(n), err
}
