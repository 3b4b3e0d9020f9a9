package servicetest

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// Redis is a Redis server.
type Redis struct {
	*Service
	Address  string
	password string
}

// StartRedis starts a Redis at address, or at a free one if it is "", that
// keeps what it is told, with further options such as "--requirepass", "x".
func StartRedis(t testing.TB, address string, options ...string) *Redis {
	t.Helper()
	path := Need(t, "redis-server", "redis-server")
	r := &Redis{Address: address}
	if r.Address == "" {
		r.Address = FreeAddress(t)
	}
	for i, option := range options {
		if option == "--requirepass" {
			r.password = options[i+1]
		}
	}
	r.Service = Start(t, Command{Path: path, Dir: Dir(t), Args: append([]string{
		"--bind", "127.0.0.1", "--port", Port(r.Address), "--save", "", "--repl-diskless-sync-delay", "0",
	}, options...)})
	r.Await(t, func(ctx context.Context) error { return r.Says(ctx, "PONG", "PING") })
	return r
}

// Do runs redis-cli, and returns what it prints.
func (r *Redis) Do(t testing.TB, args ...string) string {
	t.Helper()
	return Run(t, r.client(t, args))
}

func (r *Redis) client(t testing.TB, args []string) Command {
	t.Helper()
	var env []string
	if r.password != "" {
		env = []string{"REDISCLI_AUTH=" + r.password}
	}
	return Command{Path: Need(t, "redis-cli", "redis-tools"), Env: env, Args: append([]string{"-p", Port(r.Address)}, args...)}
}

// AwaitReplica waits until r follows its master and has all it had.
func (r *Redis) AwaitReplica(t testing.TB) {
	t.Helper()
	r.Await(t, Holds(func() bool {
		return strings.Contains(r.Do(t, "INFO", "replication"), "master_link_status:up")
	}))
}

// FailOver hands r's part over to its replica, once r takes it for one that is
// online: the replica itself is sure of that a moment earlier.
func (r *Redis) FailOver(t testing.TB, to *Redis) {
	t.Helper()
	r.Await(t, func(context.Context) error {
		if answer := r.Do(t, "FAILOVER", "TO", "127.0.0.1", Port(to.Address)); strings.TrimSpace(answer) != "OK" {
			return errors.New(answer)
		}
		return nil
	})
}

// Says asks with one command of one word, and returns an error unless the answer
// begins with want.
func (r *Redis) Says(ctx context.Context, want, word string) error {
	answer, err := exchange(ctx, r.Address, word+"\r\n")
	switch {
	case err != nil:
		return err
	case strings.HasPrefix(answer, "-NOAUTH"):
		return nil // it answers; what else could it say
	case !strings.HasPrefix(strings.TrimLeft(answer, "+$:"), want):
		return errors.New(answer)
	}
	return nil
}
