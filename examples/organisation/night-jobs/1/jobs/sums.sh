#!/bin/sh
# Adds up the cents of a day's orders, one a line.
set -eu
total=0
while read -r cents; do total=$((total + cents)); done
echo "$total"
