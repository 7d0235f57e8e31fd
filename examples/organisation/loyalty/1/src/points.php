<?php
// Points: one for each whole euro, twice as many on a birthday.

declare(strict_types=1);

function points(int $cents, bool $birthday): int
{
    $points = intdiv(max($cents, 0), 100);
    return $birthday ? $points * 2 : $points;
}
