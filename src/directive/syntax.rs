//! The words of the TOML parser in Chinese.

/// What is wrong and how to mend it, for a message of the `toml` crate. Unknown messages get general words.
pub(super) fn in_chinese(message: &str) -> (&'static str, &'static str) {
    KNOWN
        .iter()
        .find(|(part, ..)| message.contains(part))
        .map_or(("这里不合 TOML 的写法", "对照别的文件检查引号、逗号、括号和等号"), |(_, what, hint)| (*what, *hint))
}

const KNOWN: [(&str, &str, &str); 19] = [
    ("duplicate key", "这个键写了两次", "只留一处"),
    ("must be quoted", "文字没有加引号", "用英文双引号括起：\"…\""),
    ("invalid unquoted key", "键里有不能直接写的字符", "键用英文小写字母和下划线；带点的路径用英文双引号括起"),
    ("unquoted keys cannot be empty", "等号左边没有键", "写成 键 = 值"),
    ("missing comma between key-value", "两项之间缺逗号", "用英文逗号隔开"),
    ("missing comma between array", "列表的两个元素之间缺逗号", "用英文逗号隔开"),
    ("extra comma", "多了一个逗号", "删去多余的逗号"),
    ("extra assignment", "多了一个等号", "删去多余的等号"),
    ("extra `=`", "多了一个等号", "删去多余的等号"),
    ("`=` in array", "列表里不能写等号", "列表里的项目写成 { 键 = 值 }"),
    ("missing assignment", "键后面缺等号", "写成 键 = 值"),
    ("key with no value", "键后面没有值", "写成 键 = 值"),
    ("missing value", "等号后面没有值", "写上值；文字用英文双引号括起"),
    ("unclosed array", "列表没有收口", "补上 ]"),
    ("unclosed inline table", "表没有收口", "补上 }"),
    ("unclosed table", "表头没有收口", "补上 ]"),
    ("recurs", "套得太深", "减少嵌套的层数"),
    ("invalid basic string", "文字没有收口，或者引号里有不能写的字符", "检查英文双引号是否成对"),
    ("cannot extend value", "这个键已经有值，不能再往下写", "把带点的键用英文双引号括起，或并入上面的表"),
];
