// Package groundwork makes the files of a cluster that does not exist yet: its CA,
// and for each node a certificate and a configuration, and for the operator what
// the commands need.
//
// [Parse] reads who is to belong to the cluster, and is pure; so is what a [Plan] says
// of how firmly that will stand. [Lay] writes a
// folder with all of it, whole or not at all:
//
//	ca/ca.crt, ca.key       the CA; its key makes nodes and operators, and is needed nowhere else
//	nodes/NAME/tocsin.yaml  the configuration of a node
//	nodes/NAME/tls/         its credentials
//	nodes/NAME/keyring/     the key of the gossip in gossip.key, the same in all; the agent may write there
//	nodes/NAME/join.token   the token by which a node is taken in, the same in all
//	nodes/FIRST/first-tokens  the hashes of that one and of the admin's, for the node that founds
//	operator/client.yaml    what a command is told by --client, and the credentials of an admin
//
// Where all nodes are on this machine, the paths in the configurations are those
// of that folder, so that it can be tried at once; else those of /etc/tocsin and
// /var/lib/tocsin, where the folder of each node is to be brought.
package groundwork
