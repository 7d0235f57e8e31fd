#!/bin/sh
# Each job does what it says.
set -eu
[ "$(printf '100\n250\n' | sh jobs/sums.sh)" = 350 ]
mkdir kept
touch kept/2026-01-01 kept/2026-01-02 kept/2026-01-03
sh jobs/rotate.sh kept 2
[ "$(ls kept | tr '\n' ' ')" = "2026-01-02 2026-01-03 " ]
echo "2 jobs are right"
