# What takes longer than the tests of every day. ./run.sh and go test ./... need
# none of it.

.PHONY: rollout-test
rollout-test: ## boots machines with systemd and rolls out to them, as root, in ten minutes or so
	go test ./ansible -rollout -v -timeout 60m
