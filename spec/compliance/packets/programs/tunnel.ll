; Programs that give packets the parameters of a tunnel, as a tunnel device would, and let them on to the next filter.
; llc-14 -march=bpf -filetype=obj -o tunnel.o tunnel.ll
target triple = "bpf"
%ctx = type { i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, [5 x i32], i32, i32, i32, i32 }
%key = type { i32, [16 x i8], i8, i8, i16, i32, [16 x i8] }
@_license = constant [4 x i8] c"GPL\00", section "license"

; 10.1.0.1 to 10.1.0.2, key 42, TOS 16, TTL 9, without checksum
define i32 @p_four(%ctx* %s) section "four" {
  %k = alloca [11 x i32], align 4
  %p = bitcast [11 x i32]* %k to i8*
  call void @llvm.memset.p0i8.i64(i8* align 4 %p, i8 0, i64 44, i1 false)
  %id = getelementptr [11 x i32], [11 x i32]* %k, i64 0, i64 0
  store i32 42, i32* %id
  %remote = getelementptr [11 x i32], [11 x i32]* %k, i64 0, i64 1
  store i32 167837698, i32* %remote
  %tos = getelementptr [11 x i32], [11 x i32]* %k, i64 0, i64 5
  store i32 2320, i32* %tos
  %local = getelementptr [11 x i32], [11 x i32]* %k, i64 0, i64 7
  store i32 167837697, i32* %local
  %f = inttoptr i64 21 to i64 (%ctx*, i8*, i32, i64)*
  %r = call i64 %f(%ctx* %s, i8* %p, i32 44, i64 2)
  ret i32 -1
}

; fd01::1 to fd01::2, key 43, not to be fragmented; eight bytes of options
define i32 @p_six(%ctx* %s) section "six" {
  %k = alloca [11 x i32], align 4
  %p = bitcast [11 x i32]* %k to i8*
  call void @llvm.memset.p0i8.i64(i8* align 4 %p, i8 0, i64 44, i1 false)
  %id = getelementptr [11 x i32], [11 x i32]* %k, i64 0, i64 0
  store i32 43, i32* %id
  %remote = getelementptr [11 x i32], [11 x i32]* %k, i64 0, i64 1
  store i32 509, i32* %remote
  %remote3 = getelementptr [11 x i32], [11 x i32]* %k, i64 0, i64 4
  store i32 33554432, i32* %remote3
  %local = getelementptr [11 x i32], [11 x i32]* %k, i64 0, i64 7
  store i32 509, i32* %local
  %local3 = getelementptr [11 x i32], [11 x i32]* %k, i64 0, i64 10
  store i32 16777216, i32* %local3
  %f = inttoptr i64 21 to i64 (%ctx*, i8*, i32, i64)*
  %r = call i64 %f(%ctx* %s, i8* %p, i32 44, i64 5)
  %o = alloca [2 x i32], align 4
  %q = bitcast [2 x i32]* %o to i8*
  %o0 = getelementptr [2 x i32], [2 x i32]* %o, i64 0, i64 0
  store i32 25166081, i32* %o0
  %o1 = getelementptr [2 x i32], [2 x i32]* %o, i64 0, i64 1
  store i32 67305985, i32* %o1
  %g = inttoptr i64 30 to i64 (%ctx*, i8*, i32)*
  %t = call i64 %g(%ctx* %s, i8* %q, i32 8)
  ret i32 -1
}

declare void @llvm.memset.p0i8.i64(i8* nocapture writeonly, i8, i64, i1 immarg)
