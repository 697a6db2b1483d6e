// The Go client of the storm: goroutines on as many threads as they like, each request on a socket of its own, under a
// timer of 200 µs. It checks every answer, and prints "[]" when all were right. Its argument is the number of its slot.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	goroutines = 8
	requests   = 25
)

func ask(wrong chan<- string) {
	for i := 0; i < requests; i++ {
		link, err := netlink.LinkByIndex(1)
		if err != nil {
			wrong <- err.Error()
		} else if name := link.Attrs().Name; name != "lo" {
			wrong <- name
		}
		if _, err := netlink.QdiscList(nil); err != nil {
			wrong <- err.Error()
		}
	}
}

func links(slot string, wrong chan<- string) {
	for i := 0; i < requests; i++ {
		name := fmt.Sprintf("g%s.%d", slot, i)
		// One that was killed may have left it.
		netlink.LinkDel(&netlink.Ifb{LinkAttrs: netlink.LinkAttrs{Name: name}})
		link := &netlink.Ifb{LinkAttrs: netlink.LinkAttrs{Name: name, TxQLen: 10}}
		for _, step := range []func(netlink.Link) error{netlink.LinkAdd, netlink.LinkSetUp, netlink.LinkDel} {
			if err := step(link); err != nil {
				wrong <- err.Error()
			}
		}
	}
}

func main() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGALRM)
	tick := unix.Timeval{Usec: 200}
	unix.Setitimer(unix.ITIMER_REAL, unix.Itimerval{Interval: tick, Value: tick})
	wrong := make(chan string, 4*goroutines*requests)
	var all sync.WaitGroup
	for i := 0; i < goroutines; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			ask(wrong)
		}()
	}
	links(os.Args[1], wrong)
	all.Wait()
	close(wrong)
	said := []string{}
	for text := range wrong {
		said = append(said, text)
	}
	fmt.Println(said)
}
