#!/bin/sh
# The labels as the scanner beside the conveyor reads them.
set -eu
[ "$(./labels print 1234)" = "QS-1234-8" ]
[ "$(./labels print 7)" = "QS-7-3" ]
! ./labels print 12a4
! ./labels print 1234567890123
echo "4 labels are right"
