#!/usr/bin/env bash
stored() { # stored ID FIELD: of what is behind a tag or digest in the repository, in the format that it was pushed in
  aws ecr batch-get-image --repository-name "${REPOSITORY_URI#*/}" --image-ids "$1" \
    --accepted-media-types application/vnd.oci.image.{index,manifest}.v1+json \
    application/vnd.docker.distribution.manifest.{list.v2,v2}+json --query "images[0].$2" --output text
}
