#!/bin/sh
# Keeps the newest files of a folder: rotate.sh FOLDER NUMBER
set -eu
folder=$1 keep=$2
ls -1 "$folder" | sort -r | tail -n +"$((keep + 1))" | while read -r old; do
    rm -- "$folder/$old"
done
