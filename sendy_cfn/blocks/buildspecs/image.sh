#!/usr/bin/env bash
set -euo pipefail
cd "$CODEBUILD_SRC_DIR"
: "${REPOSITORY_URI:?}" "${COMMIT_ID:?}" "${IMAGE_PLATFORM:?}"
commit=${COMMIT_ID//[^0-9A-Za-z]/} # S3 sources have version ids with other characters
IMAGE_TAG=${commit:0:12}-$CODEBUILD_BUILD_NUMBER
registry=${REPOSITORY_URI%%/*}
metadata=$(mktemp)

# include stored.sh

retry() { # retry COMMAND...: registries and mirrors have bad minutes
  local pause
  for pause in 5 20; do
    "$@" && return
    echo "$1 failed, again in $pause s" >&2
    sleep "$pause"
  done
  "$@"
}
login() { aws ecr get-login-password | docker login --username AWS --password-stdin "$registry"; }
builder() { # the engine's own builder cannot write a registry cache
  docker buildx create --use --bootstrap --driver docker-container \
    --driver-opt "image=${BUILDKIT_IMAGE:-moby/buildkit:buildx-stable-1}" "${mirrors[@]}"
}
published() { # sets the digest behind the tag, None when the tag is free
  IMAGE_DIGEST=$(stored "imageTag=$IMAGE_TAG" imageId.imageDigest)
}
push() { # the tag is immutable: a push that failed half-way may have set it already
  published || return
  [[ $IMAGE_DIGEST == None ]] || return 0
  "${build[@]}" "${caches[@]}" --metadata-file "$metadata" \
    --output "type=image,name=$REPOSITORY_URI:$IMAGE_TAG,push=true,oci-mediatypes=true" || return
  IMAGE_DIGEST=$(jq -r '."containerimage.digest"' "$metadata")
}

build=(
  docker buildx build "./${BUILD_CONTEXT:-.}" --platform "$IMAGE_PLATFORM"
  --file "${DOCKERFILE:-Dockerfile}" --progress plain
  --build-arg "VERSION=$IMAGE_TAG" --build-arg "COMMIT=$COMMIT_ID"
  --attest "type=provenance,mode=max" --attest "type=sbom${SBOM_GENERATOR:+,generator=$SBOM_GENERATOR}"
)
oci=org.opencontainers.image codebuild=com.amazonaws.codebuild
for label in "$oci.title=${SERVICE:-}" "$oci.version=$IMAGE_TAG" "$oci.revision=$COMMIT_ID" \
  "$oci.ref.name=${BRANCH:-}" "$oci.created=$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$oci.source=${SOURCE_URL:-}" \
  "$codebuild.build-number=$CODEBUILD_BUILD_NUMBER" "$codebuild.build-id=${CODEBUILD_BUILD_ID:-}"; do
  if [[ ${label#*=} ]]; then build+=(--label "$label" --annotation "$label"); fi
done
caches=()
if [[ ${CACHE_URI:-} ]]; then # a repository of its own with mutable tags; a missing cache is only reported
  cache=type=registry,ref=$CACHE_URI:buildcache-${IMAGE_PLATFORM##*/}
  caches=(--cache-from "$cache"
    --cache-to "$cache,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true")
fi
mirrors=() config=$(mktemp) # mirrors with a path: BuildKit asks for /v2/PATH/NAME there, and the origin if that fails
for mirror in ${MIRRORS:-}; do
  printf '[registry."%s"]\n  mirrors = ["%s"]\n' "${mirror%%=*}" "${mirror#*=}" >>"$config"
  mirrors=(--buildkitd-config "$config")
done

retry login
retry published
if [[ $IMAGE_DIGEST == None ]]; then
  retry builder
  # Built without a push first, so that only the push is tried again.
  "${build[@]}" "${caches[@]:0:2}" --output type=cacheonly
  retry push
fi
if [[ ! $IMAGE_DIGEST =~ ^sha256:[0-9a-f]{64}$ ]]; then
  echo "no digest for $REPOSITORY_URI:$IMAGE_TAG, found: $IMAGE_DIGEST" >&2
  exit 1
fi
index=$(retry stored "imageDigest=$IMAGE_DIGEST" imageManifest)
# https://docs.docker.com/build/metadata/attestations/attestation-storage/
if ! jq -e --arg platform "$IMAGE_PLATFORM" '.manifests // [] | map(
  select("\(.platform.os)/\(.platform.architecture)" == $platform).digest) as $images | any(.[].annotations;
  .["vnd.docker.reference.type"] == "attestation-manifest" and
  any(.["vnd.docker.reference.digest"] == $images[]; .))' <<<"$index" >/dev/null; then
  echo "$REPOSITORY_URI@$IMAGE_DIGEST has no attestation for $IMAGE_PLATFORM: build the commit again" >&2
  exit 1
fi
IMAGE_URI=$REPOSITORY_URI@$IMAGE_DIGEST
export IMAGE_TAG IMAGE_DIGEST IMAGE_URI
echo "$REPOSITORY_URI:$IMAGE_TAG is $IMAGE_URI"
