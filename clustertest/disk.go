package clustertest

import (
	"crypto/rand"

	"tocsin/clustertest/simdisk"
	"tocsin/datadir"
	"tocsin/notify"
)

func (c *Cluster) newDisk(m *member) *simdisk.Disk {
	return simdisk.New(c.options.Seed<<8|uint64(m.number), datadir.Identity{Node: m.name, Disk: rand.Text()})
}

// BreakDisk turns a fault of a node's disk on, whether the node is up or down,
// until mend is called or the disk is lost.
func (c *Cluster) BreakDisk(name string, f simdisk.Fault) (mend func()) {
	c.t.Helper()
	return c.diskOf(c.member(name)).Break(f)
}

// Wipe makes a node that is down lose its disk, and gives it a new one.
func (c *Cluster) Wipe(name string) {
	c.t.Helper()
	c.replace(name, func(m *member, _ *simdisk.Disk) *simdisk.Disk { return c.newDisk(m) })
}

// LoseLedger makes a node that is down lose its ledger, and nothing else.
func (c *Cluster) LoseLedger(name string) {
	c.t.Helper()
	c.replace(name, func(_ *member, d *simdisk.Disk) *simdisk.Disk { return d.WithLedgerOf(nil) })
}

// Backup copies the disk of a node, up or down.
func (c *Cluster) Backup(name string) {
	c.t.Helper()
	m := c.member(name)
	m.backup = c.diskOf(m).Copy()
}

// HasBackup reports whether the disk that a node has now was copied.
func (c *Cluster) HasBackup(name string) bool { return c.member(name).backup != nil }

// PutBack puts the whole of the backup in the place of the disk of a node that is
// down.
func (c *Cluster) PutBack(name string) {
	c.t.Helper()
	c.replace(name, func(m *member, _ *simdisk.Disk) *simdisk.Disk { return m.backup.Copy() })
}

// PutLedgerBack puts the ledger of the backup in the place of that of a node
// that is down.
func (c *Cluster) PutLedgerBack(name string) {
	c.t.Helper()
	c.replace(name, func(m *member, d *simdisk.Disk) *simdisk.Disk { return d.WithLedgerOf(m.backup) })
}

// Ledger returns what the disk of a node says of its notifications.
func (c *Cluster) Ledger(name string) notify.Record {
	c.t.Helper()
	record, err := c.diskOf(c.member(name)).Ledger().Load()
	if err != nil {
		c.t.Fatalf("load the ledger of %s: %v", name, err)
	}
	return record
}

// replace gives a node that is down what by makes of its disk.
func (c *Cluster) replace(name string, by func(*member, *simdisk.Disk) *simdisk.Disk) {
	c.t.Helper()
	m := c.member(name)
	if m.node != nil {
		c.t.Fatalf("%s is up", name)
	}
	m.awaitEnd()
	d := by(m, c.diskOf(m))
	c.mu.Lock()
	defer c.mu.Unlock()
	m.disk = d
}

func (c *Cluster) diskOf(m *member) *simdisk.Disk {
	c.mu.Lock()
	defer c.mu.Unlock()
	return m.disk
}

// end ends the process that has the disk open, and keeps what the next one finds.
func (c *Cluster) end(m *member, how func(*simdisk.Disk) *simdisk.Disk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.disk = how(m.disk)
}
