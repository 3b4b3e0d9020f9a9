package node

import (
	"context"
	"fmt"

	"github.com/robfig/cron/v3"
)

// The slow chores, by cron. Everything urgent is woken by what happened; these
// find what slipped through.
const (
	sweepSchedule    = "@every 15s"
	scavengeSchedule = "@every 30s"
)

func (n *Node) runChores(ctx context.Context) error {
	chores := cron.New(cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger), cron.Recover(cron.DiscardLogger)))
	for schedule, chore := range map[string]func(){
		sweepSchedule:    n.loop.Sweep,
		scavengeSchedule: n.scavenger.Sweep,
	} {
		if _, err := chores.AddFunc(schedule, chore); err != nil {
			return fmt.Errorf("schedule %q: %w", schedule, err)
		}
	}
	chores.Start()
	<-ctx.Done()
	<-chores.Stop().Done()
	return nil
}
