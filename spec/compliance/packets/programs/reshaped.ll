; Programs that send packets to neighbours, and programs that change the shape of packets and let them on: a section for each,
; whose body is the calls of helpers.
; llc-14 -march=bpf -filetype=obj -o reshaped.o reshaped.ll
target triple = "bpf"
%ctx = type { i32 }
@_license = constant [4 x i8] c"GPL\00", section "license"
define i32 @p_neigh(%ctx* %s) section "neigh" {
  %f = inttoptr i64 152 to i64 (i32, i8*, i32, i64)*
  %r = call i64 %f(i32 5, i8* null, i32 0, i64 0)
  %t = trunc i64 %r to i32
  ret i32 %t
}
define i32 @p_neigh_i0(%ctx* %s) section "neigh_i0" {
  %f = inttoptr i64 152 to i64 (i32, i8*, i32, i64)*
  %r = call i64 %f(i32 6, i8* null, i32 0, i64 0)
  %t = trunc i64 %r to i32
  ret i32 %t
}
; AF_INET, 10.9.0.7
define i32 @p_neigh4(%ctx* %s) section "neigh4" {
  %k = alloca [5 x i32], align 4
  %p = bitcast [5 x i32]* %k to i8*
  call void @llvm.memset.p0i8.i64(i8* align 4 %p, i8 0, i64 20, i1 false)
  %a = getelementptr [5 x i32], [5 x i32]* %k, i64 0, i64 0
  store i32 2, i32* %a
  %b = getelementptr [5 x i32], [5 x i32]* %k, i64 0, i64 1
  store i32 117442826, i32* %b
  %f = inttoptr i64 152 to i64 (i32, i8*, i32, i64)*
  %r = call i64 %f(i32 5, i8* %p, i32 20, i64 0)
  %t = trunc i64 %r to i32
  ret i32 %t
}
; AF_INET6, fd09::7
define i32 @p_neigh6(%ctx* %s) section "neigh6" {
  %k = alloca [5 x i32], align 4
  %p = bitcast [5 x i32]* %k to i8*
  call void @llvm.memset.p0i8.i64(i8* align 4 %p, i8 0, i64 20, i1 false)
  %a = getelementptr [5 x i32], [5 x i32]* %k, i64 0, i64 0
  store i32 10, i32* %a
  %b = getelementptr [5 x i32], [5 x i32]* %k, i64 0, i64 1
  store i32 2557, i32* %b
  %c = getelementptr [5 x i32], [5 x i32]* %k, i64 0, i64 4
  store i32 117440512, i32* %c
  %f = inttoptr i64 152 to i64 (i32, i8*, i32, i64)*
  %r = call i64 %f(i32 5, i8* %p, i32 20, i64 0)
  %t = trunc i64 %r to i32
  ret i32 %t
}
; a family that is none
define i32 @p_neigh9(%ctx* %s) section "neigh9" {
  %k = alloca [5 x i32], align 4
  %p = bitcast [5 x i32]* %k to i8*
  call void @llvm.memset.p0i8.i64(i8* align 4 %p, i8 9, i64 20, i1 false)
  %f = inttoptr i64 152 to i64 (i32, i8*, i32, i64)*
  %r = call i64 %f(i32 5, i8* %p, i32 20, i64 0)
  %t = trunc i64 %r to i32
  ret i32 %t
}
declare void @llvm.memset.p0i8.i64(i8* nocapture writeonly, i8, i64, i1 immarg)
define i32 @p_net_grow(i8* %s) section "net_grow" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 20, i64 0, i64 0)
  ret i32 -1
}
define i32 @p_net_grow6(i8* %s) section "net_grow6" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 40, i64 0, i64 4)
  ret i32 -1
}
define i32 @p_net_grow4(i8* %s) section "net_grow4" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 20, i64 0, i64 2)
  ret i32 -1
}
define i32 @p_net_gre(i8* %s) section "net_gre" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 24, i64 0, i64 10)
  ret i32 -1
}
define i32 @p_net_udp(i8* %s) section "net_udp" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 28, i64 0, i64 18)
  ret i32 -1
}
define i32 @p_net_l2(i8* %s) section "net_l2" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 34, i64 0, i64 1008806316530991178)
  ret i32 -1
}
define i32 @p_net_shrink(i8* %s) section "net_shrink" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 -20, i64 0, i64 0)
  ret i32 -1
}
define i32 @p_net_shrink8(i8* %s) section "net_shrink8" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 -8, i64 0, i64 0)
  ret i32 -1
}
define i32 @p_mac_grow(i8* %s) section "mac_grow" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 4, i64 1, i64 0)
  ret i32 -1
}
define i32 @p_mac_grow40(i8* %s) section "mac_grow40" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 40, i64 1, i64 4)
  ret i32 -1
}
define i32 @p_mac_shrink(i8* %s) section "mac_shrink" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 -4, i64 1, i64 0)
  ret i32 -1
}
define i32 @p_mac_nocsum(i8* %s) section "mac_nocsum" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 16, i64 1, i64 32)
  ret i32 -1
}
define i32 @p_decap4(i8* %s) section "decap4" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 -20, i64 1, i64 128)
  ret i32 -1
}
define i32 @p_decap6(i8* %s) section "decap6" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 -20, i64 1, i64 256)
  ret i32 -1
}
define i32 @p_grow_shrink(i8* %s) section "grow_shrink" {
  %f0 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 20, i64 0, i64 2)
  %f1 = inttoptr i64 50 to i64 (i8*, i64, i64, i64)*
  %r1 = call i64 %f1(i8* %s, i64 -20, i64 0, i64 0)
  ret i32 -1
}
define i32 @p_tail64(i8* %s) section "tail64" {
  %f0 = inttoptr i64 38 to i64 (i8*, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 64, i64 0)
  ret i32 -1
}
define i32 @p_tail200(i8* %s) section "tail200" {
  %f0 = inttoptr i64 38 to i64 (i8*, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 200, i64 0)
  ret i32 -1
}
define i32 @p_tail14(i8* %s) section "tail14" {
  %f0 = inttoptr i64 38 to i64 (i8*, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 14, i64 0)
  ret i32 -1
}
define i32 @p_head14(i8* %s) section "head14" {
  %f0 = inttoptr i64 43 to i64 (i8*, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 14, i64 0)
  ret i32 -1
}
define i32 @p_head100(i8* %s) section "head100" {
  %f0 = inttoptr i64 43 to i64 (i8*, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 100, i64 0)
  ret i32 -1
}
define i32 @p_to6(i8* %s) section "to6" {
  %f0 = inttoptr i64 31 to i64 (i8*, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 56710, i64 0)
  ret i32 -1
}
define i32 @p_to4(i8* %s) section "to4" {
  %f0 = inttoptr i64 31 to i64 (i8*, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 8, i64 0)
  ret i32 -1
}
define i32 @p_to6and4(i8* %s) section "to6and4" {
  %f0 = inttoptr i64 31 to i64 (i8*, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 56710, i64 0)
  %f1 = inttoptr i64 31 to i64 (i8*, i64, i64)*
  %r1 = call i64 %f1(i8* %s, i64 8, i64 0)
  ret i32 -1
}
define i32 @p_type1(i8* %s) section "type1" {
  %f0 = inttoptr i64 32 to i64 (i8*, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 1, i64 0)
  ret i32 -1
}
define i32 @p_type3(i8* %s) section "type3" {
  %f0 = inttoptr i64 32 to i64 (i8*, i64)*
  %r0 = call i64 %f0(i8* %s, i64 3)
  ret i32 -1
}
define i32 @p_pull(i8* %s) section "pull" {
  %f0 = inttoptr i64 39 to i64 (i8*, i64)*
  %r0 = call i64 %f0(i8* %s, i64 1000)
  ret i32 -1
}
define i32 @p_push2(i8* %s) section "push2" {
  %f0 = inttoptr i64 18 to i64 (i8*, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 129, i64 5)
  %f1 = inttoptr i64 18 to i64 (i8*, i64, i64)*
  %r1 = call i64 %f1(i8* %s, i64 43144, i64 9)
  ret i32 -1
}
define i32 @p_pop2(i8* %s) section "pop2" {
  %f0 = inttoptr i64 19 to i64 (i8*)*
  %r0 = call i64 %f0(i8* %s)
  %f1 = inttoptr i64 19 to i64 (i8*)*
  %r1 = call i64 %f1(i8* %s)
  ret i32 -1
}
define i32 @p_pushtail(i8* %s) section "pushtail" {
  %f0 = inttoptr i64 18 to i64 (i8*, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 129, i64 5)
  %f1 = inttoptr i64 38 to i64 (i8*, i64, i64)*
  %r1 = call i64 %f1(i8* %s, i64 100, i64 0)
  ret i32 -1
}
define i32 @p_headpush(i8* %s) section "headpush" {
  %f0 = inttoptr i64 43 to i64 (i8*, i64, i64)*
  %r0 = call i64 %f0(i8* %s, i64 4, i64 0)
  %f1 = inttoptr i64 18 to i64 (i8*, i64, i64)*
  %r1 = call i64 %f1(i8* %s, i64 129, i64 7)
  ret i32 -1
}
define i32 @p_csum(i8* %s) section "csum" {
  %f0 = inttoptr i64 40 to i64 (i8*, i64)*
  %r0 = call i64 %f0(i8* %s, i64 4660)
  ret i32 -1
}
define i32 @p_level(i8* %s) section "level" {
  %f0 = inttoptr i64 135 to i64 (i8*, i64)*
  %r0 = call i64 %f0(i8* %s, i64 1)
  ret i32 -1
}
define i32 @p_ecn(i8* %s) section "ecn" {
  %f0 = inttoptr i64 97 to i64 (i8*)*
  %r0 = call i64 %f0(i8* %s)
  ret i32 -1
}
define i32 @p_hash(i8* %s) section "hash" {
  %f0 = inttoptr i64 34 to i64 (i8*)*
  %r0 = call i64 %f0(i8* %s)
  %f1 = inttoptr i64 48 to i64 (i8*, i64)*
  %r1 = call i64 %f1(i8* %s, i64 77)
  ret i32 -1
}
