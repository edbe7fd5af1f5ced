# A damped oscillation: what was measured, and the curve that it should follow.
# SPDX-License-Identifier: Apache-2.0

set terminal pngcairo size 800,600 font "DejaVu Sans,11"
set output "plot.png"

set title "A weight on a spring"
set xlabel "time (s)"
set ylabel "displacement (mm)"
set grid
set xrange [0:10]
set yrange [-12:12]
set samples 500

plot 10 * exp(-x / 4) * cos(2 * x) with lines linewidth 2 title "10 exp(-t/4) cos 2t", \
     "displacement.dat" using 1:2 with points pointtype 7 title "measured"
