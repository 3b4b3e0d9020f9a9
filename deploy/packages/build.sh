#!/usr/bin/env bash
# Usage: deploy/packages/build.sh VERSION FOLDER [ARCH...]
#
# Builds a release into FOLDER: for each ARCH (amd64 and arm64) an archive, a deb,
# an rpm and a bill of materials (SBOM), and checksums for all of them. The same
# source and VERSION make the same bytes, wherever and whenever they are built.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

if [ "$#" -lt 2 ] || [ "$1" = --help ]; then
	sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
	[ "${1-}" = --help ] && exit 0
	exit 2
fi
version=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
stranger=$(find "$out" -mindepth 1 ! -name 'tocsin[-_]*' ! -name SHA256SUMS -print -quit)
if [ -n "$stranger" ]; then
	printf '%s is none of a release: name a folder that is empty, or holds one\n' "$stranger" >&2
	exit 2
fi
rm -f "$out"/tocsin[-_]* "$out/SHA256SUMS"
shift 2
[ "$#" -gt 0 ] || set -- amd64 arm64

# The time of all files is that of the last change of the source.
changed=$(git -C "$repo" log -1 --format=%ct 2>/dev/null || echo 0)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$changed}
# Nobody's umask gets into a package.
umask 022

# Built first: what they are run on does not stand in a module.
tools=$(mktemp -d)
stage=$(mktemp -d)
trap 'rm -rf "$stage" "$tools"' EXIT
cd "$repo"
GOBIN=$tools go install -modfile=.ci/tools/release/go.mod \
	github.com/goreleaser/nfpm/v2/cmd/nfpm github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod

# archive FILE FOLDER NAME... packs files in one order, with one owner and time.
archive() {
	local file=$1 folder=$2
	shift 2
	tar -C "$folder" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=gnu -cf - "$@" | gzip -9n >"$file"
}

# build FILE builds the program for GOARCH.
build() {
	CGO_ENABLED=0 GOOS=linux GOFLAGS='' go build -trimpath -buildvcs=false \
		-ldflags "-s -w -buildid= -X tocsin/cli.release=$version" -o "$1" .
}

# What the program says of itself, it has to be run for.
mkdir -p "$stage/scripts" "$stage/man" "$stage/completions"
build "$tools/tocsin"
"$tools/tocsin" config default |
	sed 's|^#data_dir: .*|data_dir: /var/lib/tocsin|; s|^#scripts: .*|scripts: /etc/tocsin/scripts|' >"$stage/tocsin.yaml"
grep -q '^data_dir: /' "$stage/tocsin.yaml" && grep -q '^scripts: /' "$stage/tocsin.yaml"
"$tools/tocsin" man "$stage/man" 2>/dev/null
gzip -9n "$stage"/man/*
for shell in bash zsh fish; do
	"$tools/tocsin" completion "$shell" >"$stage/completions/$shell"
done
find scripts -maxdepth 1 -type f ! -name '*.go' -exec cp {} "$stage/scripts/" \;
cp -R deploy/systemd LICENSE README.md CHANGELOG.md deploy/packages/*.sh "$stage/"
chmod -R u=rwX,go=rX "$stage"
for arch in "$@"; do
	printf 'tocsin %s for %s\n' "$version" "$arch" >&2
	GOARCH=$arch build "$stage/tocsin"
	archive "$out/tocsin-$version-linux-$arch.tar.gz" "$stage" tocsin scripts LICENSE README.md CHANGELOG.md
	for format in deb rpm; do
		(cd "$stage" && ARCH=$arch VERSION=$version "$tools/nfpm" package \
			--config "$repo/deploy/packages/nfpm.yaml" --packager "$format" --target "$out/") >&2
	done
	"$tools/cyclonedx-gomod" bin -json -noserial -notimestamp -version "$version" -output "$out/tocsin-$version-linux-$arch.cdx.json" "$stage/tocsin"
done
cd "$out"
rm -f SHA256SUMS
sha256sum -- * >"$stage/sums"
mv "$stage/sums" SHA256SUMS
printf '%s: what SHA256SUMS names, and itself\n' "$out" >&2
ls -sh -- * >&2
