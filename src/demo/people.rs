//! Names as they are borne in Sichuan, by ethnicity; all invented.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ethnicity {
    Han,
    Yi,
    Tibetan,
    Qiang,
}

impl Ethnicity {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Han => "汉族",
            Self::Yi => "彝族",
            Self::Tibetan => "藏族",
            Self::Qiang => "羌族",
        }
    }

    /// Drawn as people live: in a county of a prefecture (`5134`), within one of the poor areas (or none).
    pub(super) fn draw(rng: &mut StdRng, prefecture: &str, area: &str) -> Self {
        // Han, Yi, Tibetan, Qiang, per cent.
        let shares: [u32; 4] = match (prefecture, area) {
            ("5133", _) => [17, 3, 80, 0],
            ("5132", _) => [22, 0, 58, 20],
            ("5134", "plateau_tibetan") => [30, 25, 45, 0],
            ("5134", "liangshan_yi") => [8, 92, 0, 0],
            ("5134", _) | (_, "liangshan_yi") => [55, 45, 0, 0],
            (_, "wumeng") => [90, 10, 0, 0],
            _ => [99, 1, 0, 0],
        };
        let mut at = rng.random_range(0..100);
        for (ethnicity, share) in [Self::Han, Self::Yi, Self::Tibetan, Self::Qiang].into_iter().zip(shares) {
            if at < share {
                return ethnicity;
            }
            at -= share;
        }
        Self::Han
    }
}

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub name: String,
    /// The part that children inherit; empty where names have none.
    pub family: String,
    pub male: bool,
}

const HAN_FAMILIES: &str = "李王张刘陈杨罗周何黄赵邓吴唐徐曾蒋谢胡郭廖冯彭曹蒲苟向岳牟鲜";
const HAN_MALE: [&str; 30] = [
    "国华", "建军", "德明", "文全", "志强", "光荣", "永福", "大贵", "明远", "长寿", "天成", "兴发", "正才", "洪林",
    "子云", "世友", "登科", "朝富", "成武", "开元", "春生", "学兵", "勇", "超", "绍清", "家富", "代全", "思平", "显贵",
    "仕林",
];
const HAN_FEMALE: [&str; 30] = [
    "秀英", "桂芳", "素珍", "明秀", "玉兰", "淑华", "小琼", "春花", "翠香", "雪梅", "凤英", "清蓉", "天秀", "碧珍",
    "红", "燕", "晓丽", "金莲", "素琼", "群芳", "成英", "国秀", "永碧", "琼华", "正芬", "婷婷", "丽君", "兴菊", "世英",
    "泽惠",
];
const YI_FAMILIES: [&str; 28] = [
    "吉克", "沙马", "马海", "阿尔", "吉木", "俄木", "曲比", "勒格", "海来", "木乃", "尔古", "贾巴", "阿苏", "的日",
    "吉伍", "罗洪", "阿侯", "阿合", "莫色", "吉子", "苏呷", "比曲", "加拉", "且沙", "黑惹", "金古", "依火", "拉马",
];
const YI_MALE: [&str; 20] = [
    "木呷", "伍呷", "拉且", "尔布", "日布", "曲布", "子呷", "石布", "古哈", "尔哈", "木果", "伍各", "阿木", "以布",
    "体哈", "色洛", "阿力", "木且", "伍合", "克哈",
];
const YI_FEMALE: [&str; 20] = [
    "阿呷莫",
    "日洛莫",
    "伍牛莫",
    "尔扎莫",
    "石作",
    "阿牛莫",
    "木支莫",
    "日扎",
    "古作莫",
    "尔洗莫",
    "阿枝",
    "依洛莫",
    "有作",
    "布洛莫",
    "色扎莫",
    "子洛莫",
    "阿各莫",
    "尔歪莫",
    "史外莫",
    "伍支莫",
];
const TIBETAN_MALE: [&str; 24] = [
    "扎西", "多吉", "次仁", "洛桑", "丹增", "尼玛", "泽仁", "罗布", "格桑", "仁青", "索朗", "降初", "四郎", "益西",
    "贡布", "桑吉", "土登", "阿旺", "彭措", "旦真", "班马", "根秋", "俄热", "夺机",
];
const TIBETAN_FEMALE: [&str; 18] = [
    "卓玛",
    "拉姆",
    "央金",
    "白玛",
    "曲珍",
    "德吉",
    "措姆",
    "旺姆",
    "志玛",
    "拥措",
    "娜姆",
    "泽翁",
    "康珠",
    "巴姆",
    "青措",
    "德西",
    "尼姆",
    "斯郎措",
];
const TIBETAN_SECOND: [&str; 16] = [
    "次仁", "扎西", "泽仁", "尼玛", "洛绒", "仁真", "邓珠", "旦增", "曲批", "郎加", "彭措", "翁姆", "达瓦", "尼扎",
    "多杰", "格勒",
];
const QIANG_FAMILIES: &str = "余王陈杨龙何赵毛罗董耿苏";
const QIANG_MALE: [&str; 10] = ["永顺", "明清", "尔玛", "国平", "世荣", "代福", "安木", "志学", "云贵", "龙平"];
const QIANG_FEMALE: [&str; 10] = ["尔玛姐", "琼芝", "秀清", "纳吉", "国蓉", "木姐", "世珍", "永珍", "萨朗", "秀花"];

fn pick<'a>(rng: &mut StdRng, list: &[&'a str]) -> &'a str {
    list.choose(rng).copied().unwrap_or_default()
}

fn pick_char(rng: &mut StdRng, list: &str) -> String {
    let at = rng.random_range(0..list.chars().count());
    list.chars().skip(at).take(1).collect()
}

/// Somebody new; of the family when one is given.
pub(super) fn person(rng: &mut StdRng, ethnicity: Ethnicity, family: Option<&str>) -> Person {
    let male = rng.random_bool(0.55);
    let inherited = |drawn: String| family.map_or(drawn, str::to_owned);
    let (family, given) = match ethnicity {
        Ethnicity::Han => {
            (inherited(pick_char(rng, HAN_FAMILIES)), pick(rng, if male { &HAN_MALE } else { &HAN_FEMALE }).to_owned())
        }
        Ethnicity::Yi => {
            (inherited(pick(rng, &YI_FAMILIES).into()), pick(rng, if male { &YI_MALE } else { &YI_FEMALE }).to_owned())
        }
        Ethnicity::Qiang => (
            inherited(pick_char(rng, QIANG_FAMILIES)),
            pick(rng, if male { &QIANG_MALE } else { &QIANG_FEMALE }).to_owned(),
        ),
        // Tibetan names have no family part.
        Ethnicity::Tibetan => {
            let first = pick(rng, if male { &TIBETAN_MALE } else { &TIBETAN_FEMALE });
            let mut second = pick(rng, &TIBETAN_SECOND);
            if second == first {
                second = "郎吉";
            }
            let order = if male { [first, second] } else { [second, first] };
            (String::new(), order.concat())
        }
    };
    Person { name: format!("{family}{given}"), family, male }
}
