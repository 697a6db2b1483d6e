// The kernel types that core.c is relocated against: the same names, other layouts.
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;

struct moved { __u64 shorter; int signed_field; __u32 more_bits : 4, bits : 3; const volatile __u32 here; __u8 tail[40]; };
struct nested { __u64 pad; struct moved array[3]; union { struct { __u64 other; }; __u32 deep; }; };
struct partly { __u64 pad; __u32 there; };
struct narrowed { __u32 pad; __u32 flag : 3; };
struct resized { __u64 pad; __u64 number; __u32 pointer; };
struct flexible { __u64 count; __u64 items[]; };
typedef struct { int x, y, z; } plain_t;
typedef int (*callback_t)(struct moved *, int);
enum big { BIG = 0x7654321000000000ull };
enum color { GREEN = 7, RED = -3 };
struct matching { __u64 extra; struct moved *p; __u32 a; };
struct mismatching { __u32 a; __u32 b; };
struct sk_buff { __u32 len; __u32 pad; __u16 narrow; __u64 wide; };

struct moved moved_; struct nested nested_; struct partly partly_; struct resized resized_; struct narrowed narrowed_;
struct flexible flexible_; plain_t plain_; callback_t callback_; enum color color_; enum big big_; struct matching matching_;
struct mismatching mismatching_; struct sk_buff sk_buff_;
