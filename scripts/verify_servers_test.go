package scripts_test

import (
	"fmt"
	"strings"
	"testing"

	"tocsin/scripts/servicetest"
)

func TestVerifyRedis(t *testing.T) {
	master := servicetest.StartRedis(t, "")
	replica := servicetest.StartRedis(t, "", "--replicaof", "127.0.0.1 "+servicetest.Port(master.Address))
	replica.AwaitReplica(t)
	master.Await(t, servicetest.Holds(func() bool { // which learns of it a moment later
		return strings.Contains(master.Do(t, "INFO", "replication"), "state=online")
	}))
	redis := sampling(t, "verify-redis.sh")

	redis.want(t, master.Address, "UP", "a master")
	redis.want(t, master.Address+" replicas=1", "UP", "with 1 good replicas")
	redis.want(t, master.Address+" replicas=2", "DOWN", "with 1 good replicas, and not 2")
	redis.want(t, master.Address+" role=replica", "DOWN", "a master and not a replica")
	redis.want(t, replica.Address, "DOWN", "a replica and not a master")
	redis.want(t, replica.Address+" role=replica lag=30", "UP", "heard of its master")
	redis.want(t, replica.Address+" role=any lag=30", "UP")
	redis.want(t, master.Address+" rival="+replica.Address, "UP")
	redis.want(t, "nowhere.invalid:6379", "UNKNOWN")
	redis.without(t).want(t, master.Address, "UNKNOWN", "install redis-tools")

	// It answers no more, but its port does.
	master.Freeze()
	redis.impatient().want(t, master.Address, "DOWN", "no answer within 1 s")
	redis.want(t, replica.Address+" role=replica lag=0", "DOWN", "has not heard of its master for")
	master.Thaw()

	master.Kill()
	redis.want(t, master.Address, "DOWN", "refused")
	replica.Await(t, servicetest.Holds(func() bool {
		return strings.Contains(replica.Do(t, "INFO", "replication"), "master_link_status:down")
	}))
	redis.want(t, replica.Address+" role=replica", "DOWN", "without a link")

	// The one that comes back is not believed while there is another master.
	replica.Do(t, "REPLICAOF", "NO", "ONE")
	back := servicetest.StartRedis(t, master.Address)
	redis.want(t, back.Address+" rival="+replica.Address, "DOWN", "two masters")
	replica.Freeze()
	redis.impatient().want(t, back.Address+" rival="+replica.Address, "UP", "no answer from "+replica.Address)
	replica.Kill()
	redis.want(t, back.Address+" rival="+replica.Address, "UP", "no answer from "+replica.Address)
}

func TestVerifyRedis_Password(t *testing.T) {
	server := servicetest.StartRedis(t, "", "--requirepass", "open sesame")
	server.Do(t, "ACL", "SETUSER", "watch", "on", ">secret", "+info")
	sampling(t, "verify-redis.sh").want(t, server.Address, "UNKNOWN", "NOAUTH")
	redis := sampling(t, "verify-redis.sh", "redis=open sesame", "watch=secret", "wrong=x")
	redis.want(t, server.Address, "UP")
	redis.want(t, server.Address+" user=watch secret=watch", "UP")
	redis.want(t, server.Address+" secret=wrong", "UNKNOWN", "WRONGPASS")
}

func TestVerifyPostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("a PostgreSQL takes seconds to make")
	}
	primary := servicetest.StartPostgres(t, "max_connections=10", "superuser_reserved_connections=1")
	standby := primary.StartStandby(t)
	postgres := sampling(t, "verify-postgres.sh")
	up, follows := primary.URI("postgres"), standby.URI("postgres")
	primary.Await(t, servicetest.Holds(func() bool {
		return primary.Do(t, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1"
	}))

	before := primary.Do(t, "SELECT pg_current_wal_lsn()")
	postgres.want(t, up, "UP", "a primary that takes a write")
	if after := primary.Do(t, "SELECT pg_current_wal_lsn()"); after == before {
		t.Error("nothing was written")
	}
	postgres.want(t, up+" standbys=1", "UP")
	postgres.want(t, up+" standbys=2", "DOWN", "with 1 standbys")
	postgres.want(t, up+" role=standby", "DOWN", "a primary and not a standby")
	postgres.want(t, up+" role=any", "UP", "a primary")
	postgres.want(t, follows, "DOWN", "a standby and not a primary")
	postgres.want(t, follows+" role=any", "UP", "a standby")
	postgres.want(t, follows+" role=standby lag=60", "UP", "a standby that is")
	postgres.without(t).want(t, up, "UNKNOWN", "install postgresql-client")
	postgres.want(t, strings.Replace(up, "postgres@", "postgres:pw@", 1), "UNKNOWN", "can be seen by everybody")
	postgres.want(t, primary.URI("stranger"), "UNKNOWN", `"stranger" does not exist`)

	// It is behind: what it has received waits, and more is written.
	standby.Do(t, "SELECT pg_wal_replay_pause()")
	primary.Do(t, "CREATE TABLE t (x int)")
	standby.Await(t, servicetest.Holds(func() bool {
		return standby.Do(t, "SELECT now() - pg_last_xact_replay_timestamp() > '2 s' AND pg_last_wal_receive_lsn() <> pg_last_wal_replay_lsn()") == "t"
	}))
	postgres.want(t, follows+" role=standby lag=1", "DOWN", "s behind")
	standby.Do(t, "SELECT pg_wal_replay_resume()")

	primary.Do(t, "ALTER SYSTEM SET default_transaction_read_only = on")
	primary.Do(t, "SELECT pg_reload_conf()")
	primary.Await(t, servicetest.Holds(func() bool { return primary.Do(t, "SHOW default_transaction_read_only") == "on" }))
	postgres.want(t, up, "DOWN", "read-only")
	primary.Do(t, "ALTER SYSTEM RESET default_transaction_read_only")
	primary.Do(t, "SELECT pg_reload_conf()")

	t.Run("full", func(t *testing.T) {
		primary.Do(t, "CREATE ROLE watch LOGIN PASSWORD 'x' CONNECTION LIMIT 0")
		postgres.want(t, primary.URI("watch"), "DOWN", "too many connections")
	})
	primary.Freeze()
	postgres.impatient().want(t, up, "DOWN")
	primary.Thaw()
	primary.Kill()
	postgres.want(t, up, "DOWN", "refused")
	standby.Await(t, servicetest.Holds(func() bool { return standby.Do(t, "SELECT count(*) FROM pg_stat_wal_receiver") == "0" }))
	postgres.want(t, follows+" role=standby lag=60", "DOWN", "does not follow its primary")
	postgres.want(t, follows+" role=standby", "UP")
}

func TestVerifyMySQL(t *testing.T) {
	if testing.Short() {
		t.Skip("a MariaDB takes seconds to make")
	}
	primary := servicetest.StartMariaDB(t, "--server-id=1", "--log-bin=log", "--gtid-strict-mode=1")
	replica := servicetest.StartMariaDB(t, "--server-id=2", "--read-only")
	mysql := sampling(t, "verify-mysql.sh", "mysql=[client]\nuser = watch", "wrong=[client]\nuser = watch\npassword = x")

	mysql.want(t, primary.Address, "UP", "a primary")
	mysql.want(t, primary.Address+" secret=wrong", "UNKNOWN", "Access denied")
	mysql.want(t, primary.Address+" role=replica", "DOWN", "not read-only")
	mysql.want(t, replica.Address, "DOWN", "read-only")
	mysql.want(t, replica.Address+" role=any", "UP")
	mysql.want(t, replica.Address+" role=replica", "DOWN", "follows nobody")
	mysql.without(t).want(t, primary.Address, "UNKNOWN", "install mariadb-client")

	replica.Do(t, fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=%s, MASTER_USER='root', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1",
		servicetest.Port(primary.Address)))
	mysql.want(t, replica.Address+" role=replica", "DOWN", "IO thread does not run")
	replica.Do(t, "START SLAVE")
	replica.Await(t, servicetest.Holds(func() bool {
		return strings.Contains(replica.Do(t, `SHOW SLAVE STATUS\G`), "Waiting for master to send event")
	}))
	mysql.want(t, replica.Address+" role=replica", "UP", "a replica that is 0 s behind")
	replica.Do(t, "STOP SLAVE SQL_THREAD")
	mysql.want(t, replica.Address+" role=replica", "DOWN", "SQL thread does not run")

	primary.Do(t, "SET GLOBAL max_connections = 10")
	primary.Freeze()
	mysql.impatient().want(t, primary.Address, "DOWN")
	primary.Thaw()
	primary.Kill()
	mysql.want(t, primary.Address, "DOWN")
	replica.Do(t, "START SLAVE")
	mysql.want(t, replica.Address+" role=replica", "DOWN", "IO thread does not run")
}

func TestVerifyEtcd(t *testing.T) {
	if testing.Short() {
		t.Skip("etcd takes seconds to see that it is alone")
	}
	members, clients := servicetest.StartEtcd(t, 3)
	etcd := sampling(t, "verify-etcd.sh")
	servicetest.Eventually(t, servicetest.Holds(func() bool {
		return strings.HasPrefix(run(t, "verify-etcd.sh", nil, "key", clients[0]).Stdout, "UP")
	}))
	for _, c := range clients {
		etcd.want(t, c, "UP", "a leader and a quorum")
	}
	members[1].Kill()
	etcd.want(t, clients[1], "DOWN", "refused")
	servicetest.Eventually(t, servicetest.Holds(func() bool {
		return strings.HasPrefix(run(t, "verify-etcd.sh", nil, "key", clients[0]).Stdout, "UP")
	}))
	members[2].Kill()
	etcd.want(t, clients[0], "DOWN") // alone, it has no quorum
	members[0].Freeze()
	etcd.impatient().want(t, clients[0], "DOWN", "no answer within 1 s")
	etcd.want(t, "http://nowhere.invalid:2379", "UNKNOWN")
}

func TestVerifyDNS(t *testing.T) {
	server, address := servicetest.StartDNS(t, "db.test=10.1.2.3", "six.test=::7")
	dns := sampling(t, "verify-dns.sh")
	at := " server=" + address
	dns.want(t, "db.test"+at, "UP", "db.test is 10.1.2.3")
	dns.want(t, "db.test want=10.1.2.3"+at, "UP")
	dns.want(t, "db.test want=10.1.2"+at, "DOWN", "is 10.1.2.3, and not 10.1.2")
	dns.want(t, "six.test type=aaaa want=::7"+at, "UP")
	dns.want(t, "db.test type=AAAA"+at, "DOWN", "has no AAAA")
	dns.want(t, "other.test"+at, "DOWN", "NXDOMAIN")
	dns.want(t, "example.com"+at, "DOWN", "REFUSED") // it knows nobody to ask
	dns.want(t, "db.test server=nowhere.invalid", "UNKNOWN")
	dns.want(t, "@"+address, "UNKNOWN", "no name")
	dns.without(t).want(t, "db.test"+at, "UNKNOWN", "install bind9-dnsutils")
	server.Freeze()
	dns.impatient().want(t, "db.test"+at, "DOWN", "no answer")
	server.Kill()
	dns.want(t, "db.test"+at, "DOWN", "no answer from "+address)
}
