package account

import (
	"encoding/binary"
	"slices"
)

// entry is a line of an access list (POSIX.1e, as Linux keeps it): who may do what.
type entry struct {
	tag    tag
	rights uint16 // three bits, as of a mode
	id     uint32 // of a user or group that is named
}

// tag says whom an entry is about.
type tag uint16

// The tags, by the numbers that Linux has for them.
const (
	ofOwner    tag = 0x01
	ofUser     tag = 0x02
	ofOwnGroup tag = 0x04
	ofGroup    tag = 0x08
	mask       tag = 0x10 // the most that all but owner and others have
	ofOthers   tag = 0x20
)

const (
	listVersion = 2
	entrySize   = 8
	maxEntries  = 8192 // more than a file system has room for
)

// parseList reads an access list as the kernel gives it; false if it is none.
func parseList(data []byte) ([]entry, bool) {
	if len(data) < 4 || (len(data)-4)%entrySize != 0 || len(data) > 4+maxEntries*entrySize || binary.LittleEndian.Uint32(data) != listVersion {
		return nil, false
	}
	var list []entry
	for line := range slices.Chunk(data[4:], entrySize) {
		list = append(list, entry{
			tag: tag(binary.LittleEndian.Uint16(line)), rights: binary.LittleEndian.Uint16(line[2:]) & 7, id: binary.LittleEndian.Uint32(line[4:]),
		})
	}
	return list, len(list) > 0
}

// allowed returns the rights that u has by the list of a file with that owner and
// group. The first of these that it is counts, and no other: the owner, a user who is
// named, the groups together, the others.
//
// Of several groups the kernel asks for one that grants all that is wanted. One right
// alone is ever wanted here, so that the sum of them says the same.
func (u *User) allowed(list []entry, owner, group uint32) uint16 {
	most := uint16(7)
	for _, e := range list {
		if e.tag == mask {
			most = e.rights
		}
	}
	var others, groups uint16
	named, member := -1, false
	for _, e := range list {
		switch {
		case e.tag == ofOwner && u.UID == owner:
			return e.rights
		case e.tag == ofUser && u.UID == e.id:
			named = int(e.rights & most)
		case e.tag == ofOwnGroup && u.in(group), e.tag == ofGroup && u.in(e.id):
			groups, member = groups|e.rights&most, true
		case e.tag == ofOthers:
			others = e.rights
		}
	}
	switch {
	case named >= 0:
		return uint16(named)
	case member:
		return groups
	}
	return others
}

func (u *User) in(group uint32) bool { return u.GID == group || slices.Contains(u.Groups, group) }
