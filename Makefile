# What takes longer than the tests of every day. ./run.sh and go test ./... need
# none of it.

.PHONY: rollout-test release
rollout-test: ## boots machines with systemd and rolls out to them, as root, in ten minutes or so
	go test ./ansible -rollout -v -timeout 60m

VERSION ?= 0.1.0
release: ## builds archives, packages, an SBOM and checksums into dist/; make release VERSION=0.2.0
	deploy/packages/build.sh $(VERSION) dist
