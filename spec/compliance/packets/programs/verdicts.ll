; Programs that return one value each, and a few that change or send a packet on; a section for each.
; llc-14 -march=bpf -filetype=obj -o verdicts.o verdicts.ll
target triple = "bpf"
%ctx = type { i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, [5 x i32], i32, i32, i32, i32 }
@_license = constant [4 x i8] c"GPL\00", section "license"
declare i64 @llvm.bpf.load.byte(i8*, i64)
declare i64 @llvm.bpf.load.half(i8*, i64)

define i32 @p_unspec(%ctx* %s) section "unspec" { ret i32 -1 }
define i32 @p_ok(%ctx* %s) section "ok" { ret i32 0 }
define i32 @p_reclassify(%ctx* %s) section "reclassify" { ret i32 1 }
define i32 @p_shot(%ctx* %s) section "shot" { ret i32 2 }
define i32 @p_pipe(%ctx* %s) section "pipe" { ret i32 3 }
define i32 @p_stolen(%ctx* %s) section "stolen" { ret i32 4 }
define i32 @p_queued(%ctx* %s) section "queued" { ret i32 5 }
define i32 @p_repeat(%ctx* %s) section "repeat" { ret i32 6 }
define i32 @p_redirect(%ctx* %s) section "redirect" { ret i32 7 }
define i32 @p_trap(%ctx* %s) section "trap" { ret i32 8 }
define i32 @p_nine(%ctx* %s) section "nine" { ret i32 9 }
define i32 @p_class(%ctx* %s) section "class" { ret i32 65538 }

; the TOS byte, into the minor half
define i32 @p_tos(%ctx* %s) section "tos" {
  %c = bitcast %ctx* %s to i8*
  %b = call i64 @llvm.bpf.load.byte(i8* %c, i64 15)
  %w = trunc i64 %b to i32
  %r = or i32 %w, 134217728
  ret i32 %r
}

; verdict from the low bits of the length: 0..3
define i32 @p_bylen(%ctx* %s) section "bylen" {
  %p = getelementptr %ctx, %ctx* %s, i32 0, i32 0
  %l = load i32, i32* %p
  %v = and i32 %l, 3
  ret i32 %v
}

; TC_ACT_OK with a class of its own
define i32 @p_classid(%ctx* %s) section "classid" {
  %p = getelementptr %ctx, %ctx* %s, i32 0, i32 14
  store i32 65539, i32* %p
  ret i32 0
}

; mark and priority
define i32 @p_mark(%ctx* %s) section "mark" {
  %m = getelementptr %ctx, %ctx* %s, i32 0, i32 2
  store i32 5, i32* %m
  %q = getelementptr %ctx, %ctx* %s, i32 0, i32 8
  store i32 65538, i32* %q
  ret i32 0
}

; bpf_redirect() to the device with index 5
define i32 @p_redir_out(%ctx* %s) section "redir_out" {
  %r = call i64 inttoptr (i64 23 to i64 (i32, i64)*)(i32 5, i64 0)
  %t = trunc i64 %r to i32
  ret i32 %t
}
define i32 @p_redir_in(%ctx* %s) section "redir_in" {
  %r = call i64 inttoptr (i64 23 to i64 (i32, i64)*)(i32 5, i64 1)
  %t = trunc i64 %r to i32
  ret i32 %t
}
define i32 @p_redir_none(%ctx* %s) section "redir_none" {
  %r = call i64 inttoptr (i64 23 to i64 (i32, i64)*)(i32 99, i64 0)
  %t = trunc i64 %r to i32
  ret i32 %t
}
define i32 @p_clone_out(%ctx* %s) section "clone_out" {
  %r = call i64 inttoptr (i64 13 to i64 (%ctx*, i32, i64)*)(%ctx* %s, i32 5, i64 0)
  ret i32 0
}
define i32 @p_vlan_push(%ctx* %s) section "vlan_push" {
  %r = call i64 inttoptr (i64 18 to i64 (%ctx*, i16, i16)*)(%ctx* %s, i16 129, i16 100)
  ret i32 0
}
define i32 @p_vlan_pop(%ctx* %s) section "vlan_pop" {
  %r = call i64 inttoptr (i64 19 to i64 (%ctx*)*)(%ctx* %s)
  ret i32 0
}
; bpf_skb_change_tail() to 64 bytes
define i32 @p_cut(%ctx* %s) section "cut" {
  %r = call i64 inttoptr (i64 38 to i64 (%ctx*, i32, i64)*)(%ctx* %s, i32 64, i64 0)
  ret i32 0
}
; bpf_skb_change_head by 14
define i32 @p_head(%ctx* %s) section "head" {
  %r = call i64 inttoptr (i64 43 to i64 (%ctx*, i32, i64)*)(%ctx* %s, i32 14, i64 0)
  ret i32 0
}
; bpf_skb_change_type to PACKET_HOST
define i32 @p_tome(%ctx* %s) section "tome" {
  %r = call i64 inttoptr (i64 32 to i64 (%ctx*, i32)*)(%ctx* %s, i32 0)
  ret i32 0
}
; bpf_skb_store_bytes() into the destination address of IPv4, with a new checksum of the hardware
define i32 @p_store(%ctx* %s) section "store" {
  %b = alloca i32
  store i32 -1430532899, i32* %b
  %v = bitcast i32* %b to i8*
  %r = call i64 inttoptr (i64 9 to i64 (%ctx*, i32, i8*, i32, i64)*)(%ctx* %s, i32 30, i8* %v, i32 4, i64 1)
  ret i32 0
}
