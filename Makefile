# What takes longer than the tests of every day. ./run.sh and go test ./... need
# none of it.

.PHONY: rollout-test rollout-brief packages-test release
rollout-test: ## boots machines with systemd, rolls out to them and plays all playbooks, as root; half an hour on two busy cores
	go test ./ansible -rollout -v -timeout 90m
rollout-brief: ## the same with three machines, and what a change breaks most often
	go test ./ansible -rollout -brief -v -timeout 60m

packages-test: ## builds packages, and installs, upgrades and removes them on machines that boot, as root, in ten minutes or so
	go test ./deploy/packages -packages -v -timeout 60m

VERSION ?= 0.1.0
release: ## builds archives, packages, an SBOM and checksums into dist/; make release VERSION=0.2.0
	deploy/packages/build.sh $(VERSION) dist
