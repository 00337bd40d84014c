package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// A progress is a bar on standard error. It appears when the work takes longer
// than a moment, and only on a terminal. A nil progress shows nothing.
type progress struct {
	a     *app
	total int // -1: not known
	done  int
	start time.Time
	bar   *progressbar.ProgressBar
}

// progressDelay is how long work may take without a bar.
const progressDelay = time.Second

func (a *app) progress(total int, known bool) *progress {
	if _, tty := terminal(a.stderr); !tty || known && total < 2 {
		return nil
	}
	if !known {
		total = -1
	}
	return &progress{a: a, total: total, start: time.Now()}
}

// step counts one result.
func (p *progress) step() {
	if p == nil {
		return
	}
	p.done++
	if p.bar == nil {
		if time.Since(p.start) < progressDelay {
			return
		}
		throttle := 100 * time.Millisecond
		if _, tty := terminal(p.a.stdout); tty {
			throttle = 0 // the bar must come back below each line
		}
		p.bar = progressbar.NewOptions(p.total,
			progressbar.OptionSetWriter(p.a.stderr),
			progressbar.OptionSetWidth(24),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(throttle),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSpinnerType(14),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "━", SaucerHead: "━", SaucerPadding: "─", BarStart: "", BarEnd: ""}),
		)
	}
	_ = p.bar.Set(p.done)
}

// clear takes the bar away, so that a line can be written in its place; the
// next step draws it again.
func (p *progress) clear() {
	if p != nil && p.bar != nil {
		_ = p.bar.Clear()
	}
}
