#!/usr/bin/env bash
# Build the consumer's image where no Docker daemon runs, from Debian packages alone: no registry is asked.
#   infra/packaging/build-without-docker.sh [NAME]        (as root; needs: apt-get install buildah mmdebstrap)
# Exit status 69: Debian's packages cannot be had. Afterwards: BUILDAH_ISOLATION=chroot buildah from NAME, with
# STORAGE_DRIVER as it was here: overlay where the kernel and the file system take it, else vfs, which copies each layer.
set -euo pipefail
cd "$(dirname "$0")/../.."
name=${1:-rastro-consumer}
base=docker.io/library/debian:trixie-slim # the name in the Dockerfile's FROM
export BUILDAH_ISOLATION=chroot
if [[ -z ${STORAGE_DRIVER:-} ]]; then
  STORAGE_DRIVER=overlay
  STORAGE_DRIVER=overlay buildah info > /dev/null 2>&1 || STORAGE_DRIVER=vfs
fi
export STORAGE_DRIVER

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! buildah inspect --type image "$base" > /dev/null 2>&1; then
  # As Debian's own image: dpkg does not wait for the disk after each file.
  mmdebstrap --variant=minbase --dpkgopt=force-unsafe-io trixie "$work/base.tar" || exit 69
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$work/base.tar" / > /dev/null
  buildah commit --quiet "$container" "$base" > /dev/null
  buildah rm "$container" > /dev/null
fi

# What the host needs to reach its package indexes holds for the build as well; it does not enter the image.
volumes=()
for path in /etc/pip.conf /etc/apt/apt.conf.d/99proxy; do
  if [[ -e $path ]]; then volumes+=(--volume "$path:$path:ro"); fi
done
if [[ -d /etc/ssl/certs ]]; then # a copy: the package ca-certificates writes there when it is installed
  cp -rL /etc/ssl/certs "$work/certs" 2> /dev/null || true
  volumes+=(--volume "$work/certs:/etc/ssl/certs:rw")
fi
data=${RASTRO_DATA_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/rastro/data}
contexts=()
if [[ -d $data ]]; then contexts+=(--build-context "data=$data"); fi

buildah build --pull-never --format docker "${volumes[@]}" "${contexts[@]}" --tag "$name" .

# What ca-certificates wrote went into the copy; the image gets its own.
container=$(buildah from --pull-never "$name")
buildah run --user 0:0 "$container" -- /usr/sbin/update-ca-certificates --fresh > /dev/null
buildah commit --quiet --format docker "$container" "$name" > /dev/null
buildah rm "$container" > /dev/null
