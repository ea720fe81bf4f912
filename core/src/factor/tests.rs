use super::*;
use crate::refusal::Fault;
use crate::seal::Roots;

const NOW: Millis = 1_790_000_000_000;
const STEP: Millis = 30_000;

fn config() -> Config {
    config_with(r#""thirty-two characters of a root secret""#)
}

fn config_with(secret: &str) -> Config {
    let json = format!(r#"{{"issuer":"https://id.example.com","secret":{secret}}}"#);
    Config::read(json.as_bytes()).unwrap().0
}

fn random() -> Random {
    Random::new([7; 32])
}

/// The app on the person's telephone.
struct App(Vec<u8>);

impl App {
    fn of(key: &NewKey) -> Self {
        let text = key.base32();
        let mut bits = text.bytes().flat_map(|letter| {
            let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).unwrap();
            (0..5).rev().map(move |bit| value >> bit & 1)
        });
        let mut bytes = Vec::new();
        while let (Some(first), rest) = (bits.next(), bits.by_ref().take(7).collect::<Vec<_>>()) {
            if rest.len() == 7 {
                bytes.push(rest.into_iter().fold(first, |byte, bit| byte << 1 | bit) as u8);
            }
        }
        Self(bytes)
    }

    fn code(&self, now: Millis) -> String {
        totp::code(Algorithm::SHA1, Digits::Six, &self.0, totp::step_at(now))
    }

    fn proof(&self, now: Millis) -> Proof {
        Proof::read(&self.code(now)).unwrap()
    }
}

fn begun(keeper: &Keeper) -> (Factors, App, String) {
    let (factors, key) = Factors::default().begin_totp(keeper, &random(), Wanted::default(), NOW).unwrap();
    (factors, App::of(&key), key.id)
}

fn confirmed(keeper: &Keeper) -> (Factors, App, Vec<String>) {
    let (factors, app, id) = begun(keeper);
    let (factors, codes) = factors.confirm_totp(keeper, &random(), &id, &app.code(NOW), NOW).unwrap();
    (factors, app, codes.unwrap())
}

fn wrong<T>() -> Result<T, Stop> {
    Err(Refusal::WrongCode.into())
}

#[test]
fn a_pending_one_asks_nobody_and_is_over_after_fifteen_minutes() {
    let config = config();
    let keeper = Keeper::of(&config, "ada");
    let (factors, app, id) = begun(&keeper);
    assert!(!factors.wants_second());
    assert_eq!((factors.kinds(), factors.expires()), (vec![], Some(NOW + 900_000)));
    assert_eq!(factors.clone().check(&keeper, &app.proof(NOW), NOW), wrong());
    let late = NOW + 900_000;
    assert_eq!(factors.authenticators(late - 1).count(), 1);
    assert_eq!(factors.authenticators(late).count(), 0);
    let confirmed = factors.confirm_totp(&keeper, &random(), &id, &app.code(late), late);
    assert_eq!(confirmed.map(|(factors, _)| factors), Err(NO_SUCH.into()));
}

#[test]
fn the_first_confirmed_one_comes_with_recovery_codes_and_the_second_with_none() {
    let config = config();
    let keeper = Keeper::of(&config, "ada");
    let (factors, _, codes) = confirmed(&keeper);
    assert_eq!((codes.len(), factors.recovery_codes_left()), (10, 10));
    assert_eq!((factors.kinds(), factors.expires()), (vec![Kind::Totp, Kind::RecoveryCode], None));
    let other = Random::new([8; 32]);
    let (factors, key) = factors.begin_totp(&keeper, &other, Wanted::default(), NOW).unwrap();
    let (factors, codes) = factors.confirm_totp(&keeper, &other, &key.id, &App::of(&key).code(NOW), NOW).unwrap();
    assert_eq!((codes, factors.recovery_codes_left()), (None, 10));
}

#[test]
fn the_code_that_confirmed_an_authenticator_does_it_again_and_gives_nothing() {
    let config = config();
    let keeper = Keeper::of(&config, "ada");
    let (factors, app, _) = confirmed(&keeper);
    let id = factors.authenticators[0].id.clone();
    let again = |code: &str| factors.clone().confirm_totp(&keeper, &random(), &id, code, NOW);
    assert_eq!(again(&app.code(NOW)), Ok((factors.clone(), None)));
    assert!(matches!(again(&app.code(NOW + STEP)), Err(Stop::Refused(Refusal::AlreadyExists(_)))));
}

#[test]
fn rt_020_a_code_is_good_once_and_none_of_an_earlier_step_after_it() {
    let config = config();
    let keeper = Keeper::of(&config, "ada");
    let (factors, app, _) = confirmed(&keeper);
    let check =
        |factors: &Factors, code_of: Millis, now: Millis| factors.clone().check(&keeper, &app.proof(code_of), now);
    assert_eq!(check(&factors, NOW, NOW), wrong(), "it confirmed the authenticator");
    assert_eq!(check(&factors, NOW - STEP, NOW), wrong(), "a step before it");
    let used = check(&factors, NOW + STEP, NOW).unwrap();
    assert_eq!(check(&used, NOW + STEP, NOW + STEP), wrong(), "used");
    assert_eq!(check(&used, NOW, NOW + STEP), wrong(), "of a step before the used one");
    assert!(check(&used, NOW + 2 * STEP, NOW + STEP).is_ok());
}

#[test]
fn rt_020_three_steps_are_looked_at_and_no_more() {
    let config = config();
    let keeper = Keeper::of(&config, "ada");
    let (factors, app, _) = confirmed(&keeper);
    let now = NOW + 100 * STEP;
    let good = (98..=102).map(|step| factors.clone().check(&keeper, &app.proof(NOW + step * STEP), now).is_ok());
    assert_eq!(good.collect::<Vec<_>>(), [false, true, true, true, false]);
}

#[test]
fn a_recovery_code_is_good_once_as_it_is_typed() {
    let config = config();
    let keeper = Keeper::of(&config, "ada");
    let (mut factors, _, codes) = confirmed(&keeper);
    for (used, code) in codes.iter().enumerate() {
        let proof = Proof::read(&code.to_uppercase().replace('-', " ")).unwrap();
        factors = factors.check(&keeper, &proof, NOW).unwrap();
        assert_eq!(factors.recovery_codes_left(), 9 - used);
        assert_eq!(factors.clone().check(&keeper, &proof, NOW), wrong());
    }
    assert_eq!(factors.kinds(), [Kind::Totp]);
}

#[test]
fn new_recovery_codes_end_the_old_ones_and_stand_for_something() {
    let config = config();
    let keeper = Keeper::of(&config, "ada");
    assert!(begun(&keeper).0.regenerate_recovery(&keeper, &random()).is_err());
    let (factors, _, old) = confirmed(&keeper);
    let (factors, new) = factors.regenerate_recovery(&keeper, &Random::new([9; 32])).unwrap();
    assert_eq!(factors.clone().check(&keeper, &Proof::read(&old[0]).unwrap(), NOW), wrong());
    assert!(factors.check(&keeper, &Proof::read(&new[0]).unwrap(), NOW).is_ok());
}

#[test]
fn with_the_last_authenticator_everything_goes() {
    let config = config();
    let keeper = Keeper::of(&config, "ada");
    let (factors, app, codes) = confirmed(&keeper);
    let id = factors.authenticators[0].id.clone();
    assert_eq!(factors.clone().remove("another", NOW), Err(NO_SUCH));
    let gone = factors.remove(&id, NOW).unwrap();
    assert_eq!(gone, Factors::default());
    assert_eq!(gone.clone().check(&keeper, &app.proof(NOW + STEP), NOW), wrong());
    assert_eq!(gone.check(&keeper, &Proof::read(&codes[0]).unwrap(), NOW), wrong());
}

#[test]
fn there_are_five_at_most_and_the_oldest_that_waits_makes_room() {
    let config = config();
    let keeper = Keeper::of(&config, "ada");
    let begin =
        |factors: Factors, seed: u8| factors.begin_totp(&keeper, &Random::new([seed; 32]), Wanted::default(), NOW);
    let (mut factors, _, _) = confirmed(&keeper);
    let mut waiting = Vec::new();
    for seed in 10..16 {
        let (more, key) = begin(factors, seed).unwrap();
        factors = more;
        waiting.push(key);
    }
    assert_eq!(factors.authenticators(NOW).count(), 5);
    assert!(factors.wants_second(), "a confirmed one makes no room");
    for key in &waiting[2..] {
        factors = factors.confirm_totp(&keeper, &random(), &key.id, &App::of(key).code(NOW), NOW).unwrap().0;
    }
    assert!(matches!(begin(factors, 16), Err(Refusal::AlreadyExists(_))));
}

#[test]
fn rt_016_the_row_holds_neither_key_nor_code() {
    let config = config();
    let keeper = Keeper::of(&config, "ada");
    let (factors, key) = Factors::default().begin_totp(&keeper, &random(), Wanted::default(), NOW).unwrap();
    let app = App::of(&key);
    let (factors, codes) = factors.confirm_totp(&keeper, &random(), &key.id, &app.code(NOW), NOW).unwrap();
    let row = serde_json::to_string(&factors).unwrap();
    let debug = format!("{factors:?} {:?}", app.proof(NOW));
    for secret in [key.base32(), crate::hash::b64u(&app.0), app.code(NOW)] {
        assert!(!row.contains(&secret) && !debug.contains(&secret));
    }
    for code in codes.unwrap() {
        assert!(!row.contains(&code) && !row.contains(&code.replace('-', "")));
    }
}

#[test]
fn rt_016_a_row_is_good_for_its_own_person_tenant_and_secret_alone() {
    let config = config();
    let keeper = Keeper::of(&config, "ada");
    let (factors, app, codes) = confirmed(&keeper);
    let recovery = Proof::read(&codes[0]).unwrap();
    let later = NOW + STEP;
    let stranger = config_with(r#""another thirty-two characters of a root""#);
    for (other, which) in [(Keeper::of(&config, "eve"), "person"), (Keeper::of(&stranger, "ada"), "secret")] {
        let checked = factors.clone().check(&other, &app.proof(later), later);
        assert!(matches!(checked, Err(Stop::Fault(Fault::BadRow { .. }))), "{which}");
        assert_eq!(factors.clone().check(&other, &recovery, later), wrong(), "{which}");
    }
    let rotated =
        config_with(r#"["another thirty-two characters of a root", "thirty-two characters of a root secret"]"#);
    let rotated = Keeper::of(&rotated, "ada");
    assert!(factors.clone().check(&rotated, &app.proof(later), later).is_ok());
    assert!(factors.check(&rotated, &recovery, later).is_ok());
}

#[test]
fn what_is_typed_says_by_its_shape_what_it_is() {
    let kind = |typed: &str| Proof::read(typed).map(|proof| proof.kind());
    for typed in ["123456", "123 456", " 12345678 "] {
        assert_eq!(kind(typed), Some(Kind::Totp), "{typed}");
    }
    assert_eq!(kind("k3v9q-0d7xm"), Some(Kind::RecoveryCode));
    let long = " ".repeat(65);
    for bad in ["", "1234567", "12345", "12345a", "١٢٣٤٥٦", long.as_str()] {
        assert_eq!(kind(bad), None, "{bad}");
    }
}

#[test]
fn a_row_is_written_and_read_again() {
    let config = config();
    let (factors, ..) = confirmed(&Keeper::of(&config, "ada"));
    let text = serde_json::to_string(&factors).unwrap();
    assert_eq!(crate::json::read::<Factors>(text.as_bytes()).unwrap(), factors);
    assert!(text.len() < 1024, "{}", text.len());
}

#[test]
fn debug_of_the_keeper_shows_no_secret() {
    let roots = Roots::new("thirty-two characters of a root secret", []);
    assert!(!format!("{roots:?}").contains("thirty"));
    assert!(!format!("{:?}", Keeper::of(&config(), "ada")).contains("thirty"));
}
