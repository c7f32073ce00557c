//! The words of the TOML parser in Chinese.

/// What is wrong and how to mend it, for a message of the `toml` crate. Unknown messages get general words.
pub(super) fn in_chinese(message: &str) -> (&'static str, &'static str) {
    KNOWN
        .iter()
        .find(|(part, ..)| message.contains(part))
        .map_or(("这里不合 TOML 的写法", "对照别的文件检查引号、逗号、括号和等号"), |(_, what, hint)| (*what, *hint))
}

const KNOWN: [(&str, &str, &str); 30] = [
    ("duplicate key", "这个键写了两次", "只留一处"),
    ("must be quoted", "文字没有加引号", "用英文双引号括起：\"…\""),
    ("invalid unquoted key", "键里有不能直接写的字符", "键用英文小写字母和下划线；带点的路径用英文双引号括起"),
    ("unquoted keys cannot be empty", "等号左边没有键", "写成 键 = 值"),
    ("missing comma between key-value", "两项之间缺逗号", "用英文逗号隔开"),
    ("missing comma between array", "列表的两个元素之间缺逗号", "用英文逗号隔开；或者上面的列表没有收口，补上 ]"),
    ("extra comma", "多了一个逗号", "删去多余的逗号"),
    ("extra assignment", "多了一个等号", "删去多余的等号"),
    ("extra `=`", "多了一个等号", "删去多余的等号"),
    ("`=` in array", "列表里不能写等号", "列表里的项目写成 { 键 = 值 }"),
    ("missing assignment", "键后面缺等号", "写成 键 = 值"),
    ("key with no value", "键后面没有值", "写成 键 = 值"),
    ("missing value", "等号后面没有值", "写上值；文字用英文双引号括起"),
    ("unclosed array table", "表头没有收口", "补上 ]]"),
    ("unclosed array", "列表没有收口", "补上 ]"),
    ("unclosed inline table", "表没有收口", "补上 }"),
    ("unclosed table", "表头没有收口", "补上 ]"),
    ("recurs", "套得太深", "减少嵌套的层数"),
    ("basic string", "文字没有收口，或者引号里有不能写的字符", "检查英文双引号是否成对"),
    ("invalid boolean", "这里不是 true，也不是 false", "写 true 或 false；是文字的用英文双引号括起"),
    ("invalid date", "没有这一天", "写成 2025-03-01，并且确有这一天"),
    ("invalid time", "这里不是时刻", "这种格式用不到时刻；是文字的用英文双引号括起"),
    ("leading zero", "数的开头不能写0", "删去开头的0；是文字的用英文双引号括起"),
    ("invalid float", "这里不是数", "写成 59.5 这样；是文字的用英文双引号括起"),
    ("invalid exponent", "这里不是数", "写成 59.5 这样，不用科学记数"),
    ("only go between digits", "数里的下划线只能在两个数字之间", "删去下划线；是文字的用英文双引号括起"),
    ("escaped value", "反斜线后面的字符不对", "反斜线本身写成 \\\\；或者整段文字改用英文单引号括起"),
    ("literal string", "文字没有收口", "检查英文单引号是否成对"),
    ("missing table open", "多了一个 ]", "删去它，或者在前面补上 ["),
    ("cannot extend value", "这个键已经有值，不能再往下写", "把带点的键用英文双引号括起，或并入上面的表"),
];
