#!/bin/bash
# Says of an endpoint what the file in world/ says that is named after its value.
home=${0%/*}/..
read -r word <"$home/world/${2//\//_}"
echo "$word"
